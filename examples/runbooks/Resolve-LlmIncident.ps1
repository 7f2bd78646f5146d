<#
.SYNOPSIS
    Something is wrong with a server: what, why, what to do, and a folder with all that a second pair of eyes needs.
.DESCRIPTION
    Collects the server's state, its log (keys masked), the faults known in it, its configuration, what it says of itself and the checks of the machine, into a folder and
    incident.md. Changes nothing.
.EXAMPLE
    ./Resolve-LlmIncident.ps1 chat
.EXAMPLE
    ./Resolve-LlmIncident.ps1 chat -Folder ./incident-42 -Tail 5000
.OUTPUTS
    One object with State, Cause, Remedy, Faults, FailedChecks and Folder.
#>
#Requires -Version 7.6
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)] [string] $Name,

    # Where everything is put.
    [string] $Folder,

    # Lines of the log to keep.
    [ValidateRange(1, 1000000)] [int] $Tail = 2000
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module LlmOps)) {
    Import-Module LlmOps
}

$server = Get-LlmServer $Name
$Folder = $Folder ? $Folder : (Join-Path $PWD "incident-$Name-$(Get-Date -Format yyyyMMdd-HHmmss)")
$Folder = (New-Item -ItemType Directory -Force $Folder).FullName
$server | ConvertTo-Json -Depth 5 | Set-Content (Join-Path $Folder server.json)
$config = Import-LlmServerConfig -LiteralPath $server.ConfigPath
$config | Export-LlmServerConfig (Join-Path $Folder config.yaml)
$server | Get-LlmServerLog -Tail $Tail | Set-Content (Join-Path $Folder server.log)
$faults = @($server | Resolve-LlmServerFault | Where-Object Severity -NE Harmless)
$checks = @($config | Test-LlmEnvironment)
$checks | Export-LlmCheckReport (Join-Path $Folder environment.md) -Title "$Name, $(Get-Date -Format s)"
if ($server.State -eq 'Ready') {
    # What a server that hangs says of itself may be nothing; that is a finding, not a failure of this runbook.
    Get-LlmServerMetric $server.Name -ErrorAction SilentlyContinue | ConvertTo-Json -Depth 5 | Set-Content (Join-Path $Folder metrics.json)
}

$failed = @($checks | Where-Object Status -EQ Fail)
$cause = $faults ? $faults[0].Cause : $failed ? $failed[0].Message : ($server.Reason ? $server.Reason : 'nothing known was found')
$remedy = $faults ? $faults[0].Remedy : $failed ? $failed[0].Remedy : $null
@(
    "# Incident of $Name", '', "State: $($server.State). $($server.Reason)", '', "Likely cause: $cause", '', "What to do: $($remedy ? $remedy : 'read server.log')", '', '## Faults in the log', ''
    $faults | ForEach-Object { "- $($_.Title) (line $($_.LineNumber)): $($_.Remedy)" }
    '', '## Checks that failed', ''
    $failed | ForEach-Object { "- $($_.Id): $($_.Message)" }
) | Set-Content (Join-Path $Folder incident.md)
[pscustomobject]@{ Name = $Name; State = $server.State; Cause = $cause; Remedy = $remedy; Faults = $faults; FailedChecks = $failed; Folder = $Folder }
