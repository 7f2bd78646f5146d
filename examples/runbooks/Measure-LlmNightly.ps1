<#
.SYNOPSIS
    Measures servers and compares them with their baselines; for a timer at night.
.DESCRIPTION
    The first run of a server makes its baseline, NAME.baseline.json. Each later one writes NAME.latest.json and the page NAME.html, and gives the differences. Where a
    figure is visibly worse by more than -ToleratePercent the runbook ends with an error, so that cron, a systemd timer or a build server tells somebody.
    -Rebase takes what is measured now as the new baseline.
.EXAMPLE
    ./Measure-LlmNightly.ps1 * -Folder /var/lib/llm-nightly
.EXAMPLE
    ./Measure-LlmNightly.ps1 chat -Folder ./nightly -Rebase
.OUTPUTS
    LlmOps.Benchmarking.Comparison.ThroughputDifference
#>
#Requires -Version 7.6
[CmdletBinding()]
param(
    # Servers, with wildcards.
    [Parameter(Mandatory, Position = 0)] [string] $Name,

    # Where baselines and results are kept.
    [Parameter(Mandatory)] [string] $Folder,

    # Requests in flight, one load point each.
    [int[]] $Concurrency = @(1, 4),

    [ValidateRange(2, 100000)] [int] $Request = 32,
    [ValidateRange(1, 1000000)] [int] $PromptTokens = 512,
    [ValidateRange(1, 100000)] [int] $OutputTokens = 128,

    # How much worse a figure may be, in percent.
    [ValidateRange(0, 1000)] [double] $ToleratePercent = 10,

    [switch] $Rebase
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module LlmOps)) {
    Import-Module LlmOps
}

$null = New-Item -ItemType Directory -Force $Folder
$alarms = foreach ($server in Get-LlmServer $Name) {
    if ($server.State -ne 'Ready') {
        "$($server.Name) is $($server.State): $($server.Reason)"
        continue
    }

    # The same words each night: only the machine and the engine may differ.
    $results = @($server | Measure-LlmThroughput -Concurrency $Concurrency -Request $Request -PromptTokens $PromptTokens -OutputTokens $OutputTokens -Seed 1)
    $failed = ($results.Errors | Measure-Object -Sum).Sum
    if ($failed) {
        "$($server.Name): $failed completions failed"
    }

    $baseline = Join-Path $Folder "$($server.Name).baseline.json"
    if ($Rebase -or -not (Test-Path -LiteralPath $baseline)) {
        if (-not $failed) { $results | Export-LlmReport $baseline }
        continue
    }

    $results | Export-LlmReport (Join-Path $Folder "$($server.Name).latest.json")
    $results | Export-LlmReport (Join-Path $Folder "$($server.Name).html") -Title "$($server.Name), $(Get-Date -Format yyyy-MM-dd)"
    $differences = @($results | Compare-LlmThroughput $baseline)
    $differences | ForEach-Object { $PSCmdlet.WriteObject($_) }
    $differences | Where-Object { $_.Verdict -eq 'Worse' -and [Math]::Abs($_.ChangePercent) -gt $ToleratePercent } | ForEach-Object { "$($server.Name): $($_.Summary)" }
}

if ($alarms) {
    throw $alarms -join '; '
}
