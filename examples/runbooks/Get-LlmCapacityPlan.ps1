<#
.SYNOPSIS
    What each of many machines can serve: every model on every saved topology, best machine first.
.DESCRIPTION
    Topologies are what 'llmops gpu --json' or Get-GpuTopology | ConvertTo-Json -Depth 10 print on each machine; nothing has to be installed there, and no model has to be
    on this machine in full: its header is enough. A row says whether the model fits, with how many GPUs, tokens of context and slots, and what to expect of its
    speed; or what keeps it from fitting.
.EXAMPLE
    ./Get-LlmCapacityPlan.ps1 -Topology ./hosts/*.json -Model ./models/*.gguf | Format-Table
.EXAMPLE
    ./Get-LlmCapacityPlan.ps1 -Topology ./hosts/*.json -Model ./model.gguf -ContextLength 32768 -Parallel 8 | Export-Csv plan.csv
#>
#Requires -Version 7.6
[CmdletBinding()]
param(
    # Saved topologies, with wildcards.
    [Parameter(Mandatory)] [string[]] $Topology,

    # Models, with wildcards.
    [Parameter(Mandatory)] [string[]] $Model,

    # Tokens of context that are needed; the planner's choice when left out.
    [int] $ContextLength,

    # Requests at a time that are needed; the planner's choice when left out.
    [int] $Parallel
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module LlmOps)) {
    Import-Module LlmOps
}

$wanted = @{}
if ($ContextLength) { $wanted.ContextLength = $ContextLength }
if ($Parallel) { $wanted.Parallel = $Parallel }
$rows = foreach ($file in Get-Item $Topology) {
    foreach ($weights in Get-Item $Model) {
        $row = [ordered]@{ Machine = $file.BaseName; Model = $weights.BaseName; Fits = $false; Gpus = $null; Context = $null; Slots = $null; DecodeTokensPerSecond = $null; FreeGiB = $null; Problem = $null }
        try {
            $config = Get-GpuTopology -Path $file.FullName | New-LlmServerConfig -Model $weights.FullName -Name plan @wanted -ErrorAction Stop
            $row.Fits = $config.Problems.Count -eq 0
            $row.Gpus = $config.Devices.Count
            $row.Context = $config.Options['contextLength']
            $row.Slots = $config.Options['parallel']
            $row.DecodeTokensPerSecond = $config.Prediction ? [Math]::Round($config.Prediction.DecodeTokensPerSecond, 1) : $null
            $row.FreeGiB = $config.Plan ? [Math]::Round(($config.Plan.Devices.FreeAfterBytes | Measure-Object -Minimum).Minimum / 1GB, 1) : $null
            $row.Problem = $config.Problems.Message -join '; '
        } catch {
            # One machine that cannot run one model must not hide the others.
            $row.Problem = "$_"
        }

        [pscustomobject] $row
    }
}

$rows | Sort-Object Model, @{ Expression = 'Fits'; Descending = $true }, @{ Expression = 'DecodeTokensPerSecond'; Descending = $true }
