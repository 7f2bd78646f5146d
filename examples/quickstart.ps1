<#
.SYNOPSIS
    From a model file to a measured server, and stopped again.
.EXAMPLE
    ./quickstart.ps1 ~/models/Qwen3-8B-Q4_K_M.gguf
.EXAMPLE
    ./quickstart.ps1 ~/models/Qwen3-8B-Q4_K_M.gguf -Keep
#>
#Requires -Version 7.6
[CmdletBinding()]
param(
    # A GGUF file, or a model folder for vLLM.
    [Parameter(Mandatory, Position = 0)] [string] $Model,

    # What to call the server.
    [string] $Name = 'quickstart',

    [ValidateRange(1, 65535)] [int] $Port = 8080,

    # Leave the server running.
    [switch] $Keep
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module LlmOps)) {
    Import-Module LlmOps
}

# The machine, what stands in the way, and the plan with its reasons.
$machine = Get-GpuTopology
$machine | Out-Host
Test-LlmEnvironment | Where-Object Status -In Fail, Warn | Out-Host
$config = $machine | New-LlmServerConfig -Model $Model -Name $Name -Port $Port
$config.Decisions | Out-Host

# Running and measured; the results are the output.
$server = $config | Start-LlmServer
try {
    $server | Measure-LlmThroughput -Concurrency 1, 2 -Request 4 -PromptTokens 64 -OutputTokens 16
} finally {
    if (-not $Keep) {
        $null = $server | Stop-LlmServer
    }
}
