<#
.SYNOPSIS
    Deploys a server only where its environment is sound, and keeps it only if it answers.
.DESCRIPTION
    1. checks machine, engine, model and plan of the configuration (with -Fix, what is safe is mended first), one Pester test a check;
    2. refuses to start anything when one fails, and leaves the reports;
    3. starts the server, in place of one of the same name;
    4. asks it for a few completions, and stops it again when one fails.

    Reports, in -ReportFolder: environment.xml (JUnit, for a build server) and environment.md (for people).
.EXAMPLE
    ./Deploy-LlmServer.ps1 ./server.yaml -ReportFolder ./reports
.EXAMPLE
    ./Deploy-LlmServer.ps1 ./server.yaml -Fix -WhatIf
.OUTPUTS
    LlmOps.Servers.LlmServer
#>
#Requires -Version 7.6
[CmdletBinding(SupportsShouldProcess)]
param(
    # The configuration, as New-LlmServerConfig and Export-LlmServerConfig write it.
    [Parameter(Mandatory, Position = 0)]
    [string] $Config,

    # Where the reports go.
    [string] $ReportFolder = '.',

    # Checks to leave out, by id, with wildcards.
    [string[]] $Exclude = @(),

    # Mend what is safe before the gate.
    [switch] $Fix,

    # Warnings keep a server from being started too.
    [switch] $Strict,

    # How many completions it must give.
    [ValidateRange(1, 100)]
    [int] $Request = 2
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module LlmOps)) {
    Import-Module LlmOps
}

Import-Module Pester -MinimumVersion 5.5 -MaximumVersion 5.99.99
$file = (Resolve-Path -LiteralPath $Config).ProviderPath
$settings = Import-LlmServerConfig $file
$null = New-Item -ItemType Directory -Force $ReportFolder -WhatIf:$false
$reports = (Resolve-Path -LiteralPath $ReportFolder).ProviderPath

# The port of a server that is to be replaced is taken by that very server.
$running = Get-LlmServer $settings.Name -ErrorAction Ignore | Where-Object State -NotIn Stopped, Failed
if ($running) {
    $Exclude += 'network.port-*'
}

if ($Fix) {
    $null = $settings | Test-LlmEnvironment -Exclude $Exclude -Fix
}

$settings | Test-LlmEnvironment -Exclude $Exclude | Export-LlmCheckReport (Join-Path $reports 'environment.md') -Title $settings.Name -WhatIf:$false
$gate = New-PesterConfiguration
$gate.Run.Container = New-PesterContainer -Path (Join-Path $PSScriptRoot 'Environment.Tests.ps1') -Data @{ Config = $file; Exclude = $Exclude; Strict = $Strict }
$gate.Run.PassThru = $true
$gate.Output.Verbosity = 'None'
$gate.TestResult.Enabled = $true
$gate.TestResult.OutputFormat = 'JUnitXml'
$gate.TestResult.OutputPath = Join-Path $reports 'environment.xml'
$result = Invoke-Pester -Configuration $gate
if ($result.Result -ne 'Passed') {
    $failed = @($result.Failed.ExpandedName) + @($result.FailedBlocks.ExpandedName) | Where-Object { $_ } | Join-String -Separator ', '
    throw "$($settings.Name) is not deployed: $($failed ? $failed : 'the checks could not be run'); see $(Join-Path $reports 'environment.md')"
}

Write-Verbose "$($result.PassedCount) checks passed, $($result.SkippedCount) do not apply."
if (-not $PSCmdlet.ShouldProcess($settings.Name, "Deploy $($settings.Model)")) {
    return
}

if ($running) {
    $null = $running | Stop-LlmServer
}

$server = $settings | Start-LlmServer
$measured = $server | Measure-LlmThroughput -Concurrency 1 -Request $Request -PromptTokens 32 -OutputTokens 16 -Warmup 0
if ($measured.Errors -gt 0) {
    $null = $server | Stop-LlmServer
    throw "$($settings.Name) started and is stopped again: $($measured.Errors) of $Request completions failed; see Get-LlmServerLog $($settings.Name)"
}

$server
