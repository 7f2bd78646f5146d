<#
.SYNOPSIS
    Verifies a deployed server: it is ready, what was planned is what runs, it answers, and fast enough.
.DESCRIPTION
    One object for each thing looked at, and an error at the end that names those that failed.
.EXAMPLE
    ./Confirm-LlmServer.ps1 chat
.EXAMPLE
    ./Confirm-LlmServer.ps1 chat -MinimumTokensPerSecond 50 -MaximumTtftSec 2
.OUTPUTS
    Objects with Check, Passed and Seen.
#>
#Requires -Version 7.6
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)] [string] $Name,

    # Output tokens per second of one request at a time; 0 for any.
    [ValidateRange(0, 1e6)] [double] $MinimumTokensPerSecond = 0,

    # Seconds to the first token, the median.
    [ValidateRange(0.001, 3600)] [double] $MaximumTtftSec = 30,

    # Completions to ask for.
    [ValidateRange(1, 1000)] [int] $Request = 3
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module LlmOps)) {
    Import-Module LlmOps
}

$failed = [System.Collections.Generic.List[string]]::new()
function Write-Check([string] $Check, [bool] $Passed, [string] $Seen) {
    if (-not $Passed) { $failed.Add("$Check ($Seen)") }
    [pscustomobject]@{ Check = $Check; Passed = $Passed; Seen = $Seen }
}

$server = Get-LlmServer $Name
Write-Check -Check 'ready' -Passed ($server.State -eq 'Ready') -Seen ("$($server.State) $($server.Reason)".TrimEnd())
Write-Check -Check 'as configured' -Passed ($server.Warnings.Count -eq 0) -Seen ($server.Warnings -join '; ')
$short = @($server.PlanAccuracy | Where-Object { $_.PlannedBytes -and $_.ActualBytes -gt $_.PlannedBytes * 1.1 })
Write-Check -Check 'within the planned memory' -Passed ($short.Count -eq 0) -Seen ($short -join '; ')
$faults = @($server | Resolve-LlmServerFault | Where-Object Severity -NE Harmless)
Write-Check -Check 'no fault in its log' -Passed ($faults.Count -eq 0) -Seen ($faults.Title -join '; ')
if ($server.State -eq 'Ready') {
    $measured = $server | Measure-LlmThroughput -Concurrency 1 -Request $Request -PromptTokens 64 -OutputTokens 16
    Write-Check -Check 'answers' -Passed ($measured.Errors -eq 0) -Seen "$($measured.Errors) of $($measured.Requests) failed"
    Write-Check -Check 'first token in time' -Passed ($measured.TtftSeconds.P50 -le $MaximumTtftSec) -Seen ('{0:n3} s' -f $measured.TtftSeconds.P50)
    Write-Check -Check 'fast enough' -Passed ($measured.OutputTokensPerSecond -ge $MinimumTokensPerSecond) -Seen ('{0:n1} tokens/s' -f $measured.OutputTokensPerSecond)
}

if ($failed.Count) {
    throw "$Name is not as it should be: $($failed -join ', ')"
}
