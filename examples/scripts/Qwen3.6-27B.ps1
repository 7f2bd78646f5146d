<#
.SYNOPSIS
    Qwen3.6-27B AWQ INT4 on RTX 2080 Ti cards with vLLM and its SM75 plugin, for one-api and Page Assist.
.DESCRIPTION
    The plugin's launcher computes its share of memory, speculation and graphs by itself; cards, context, batch and cache are planned. With -Start the server is
    started and the channel for one-api is the output, else the configuration is.
.EXAMPLE
    ./Qwen3.6-27B.ps1 /data/qwen/Qwen3.6-27B-AWQ-INT4 -ApiKeyFile ~/keys/vllm -Start
.EXAMPLE
    ./Qwen3.6-27B.ps1 /data/qwen/Qwen3.6-27B-AWQ-INT4 -Topology ../machines/two-2080ti-nvlink.json
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
$config = $machine | New-LlmServerConfig -Model $Model -Name qwen3.6-27b -Engine vllm -Runtime process -Launcher caovan-vllm-serve -Port 8000 @reach -Option @{
    'max-num-seqs' = 1
    'kv-cache-dtype' = 'fp8'
}
if (-not $Start) {
    return $config
}

$config | Start-LlmServer | Export-LlmClientConfig -Client OneApi -Verbose
