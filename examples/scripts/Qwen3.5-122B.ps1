<#
.SYNOPSIS
    Qwen3.5-122B-A10B on two cards of 32 GB with llama.cpp in docker, for OpenClaw.
.DESCRIPTION
    OpenClaw sends the role 'developer', which the model's own template refuses: a template that takes it is made first. Devices, context, slots and the
    rest are planned; with -Start the server is started and what OpenClaw has to be told is the output, else the configuration is.
.EXAMPLE
    ./Qwen3.5-122B.ps1 /models/Qwen3.5-122B-A10B-UD-Q2_K_XL.gguf -Start
.EXAMPLE
    ./Qwen3.5-122B.ps1 /models/Qwen3.5-122B-A10B-UD-Q2_K_XL.gguf -Topology ../machines/five-cards-dual-xeon.json
#>
#Requires -Version 7.6
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)] [string] $Model,

    # A saved machine; this one when left out.
    [string] $Topology,

    [ValidateSet('process', 'docker', 'systemd')] [string] $Runtime = 'docker',

    # Where clients of other machines reach this one. Without a key only this machine can.
    [string] $ApiKeyFile,

    [switch] $Start
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module LlmOps)) {
    Import-Module LlmOps
}

$template = [System.IO.Path]::ChangeExtension((Resolve-Path -LiteralPath $Model).ProviderPath, '.developer.jinja')
$null = New-LlmChatTemplate -Path $Model -AllowRole developer -Destination $template
$machine = $Topology ? (Get-GpuTopology -Path $Topology) : (Get-GpuTopology)
$reach = $ApiKeyFile ? @{ HostName = '0.0.0.0'; ApiKeyFile = $ApiKeyFile } : @{}
$config = $machine | New-LlmServerConfig -Model $Model -Name qwen3.5-122b -Engine llama.cpp -Runtime $Runtime -ChatTemplate $template -Port 18434 @reach
if (-not $Start) {
    return $config
}

$config | Start-LlmServer | Export-LlmClientConfig -Client OpenClaw -Verbose
