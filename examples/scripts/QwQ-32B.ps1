<#
.SYNOPSIS
    QwQ-32B IQ4_XS on one card of 24 GB with llama.cpp, for Cherry Studio.
.DESCRIPTION
    Devices, context, cache and locking are planned. With -Start the server is started and the link that adds it to Cherry Studio is the output, else the
    configuration is.
.EXAMPLE
    ./QwQ-32B.ps1 ~/models/Qwen_QwQ-32B-IQ4_XS.gguf -Start
.EXAMPLE
    ./QwQ-32B.ps1 ~/models/Qwen_QwQ-32B-IQ4_XS.gguf -Topology ../machines/one-3090.json
#>
#Requires -Version 7.6
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)] [string] $Model,

    # A saved machine; this one when left out.
    [string] $Topology,

    # Where clients of other machines reach this one. Without a key only this machine can.
    [string] $ApiKeyFile,

    [switch] $Start
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module LlmOps)) {
    Import-Module LlmOps
}

$machine = $Topology ? (Get-GpuTopology -Path $Topology) : (Get-GpuTopology)
$reach = $ApiKeyFile ? @{ HostName = '0.0.0.0'; ApiKeyFile = $ApiKeyFile } : @{}
$config = $machine | New-LlmServerConfig -Model $Model -Name qwq-32b -Alias QwQ-32B -Engine llama.cpp -Runtime process -Port 8000 @reach
if (-not $Start) {
    return $config
}

$config | Start-LlmServer | Export-LlmClientConfig -Client CherryStudio -Verbose
