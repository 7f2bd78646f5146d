<#
.SYNOPSIS
    Runs the Pester suite, the tests of the examples included, against the staged module and says at the end what ran, what failed and what could not run.
.DESCRIPTION
    LLMOPS_MODULE        folder of the module; out/LlmOps when not set
    LLMOPS_TEST_ENGINE   a real llama-server; what needs one is skipped without it
    LLMOPS_TEST_MODEL    a small model; written when not set

    When all was run, Coverage.Tests.ps1 holds what the tests called and met against what the module's cmdlets can be called with and can fail with.
#>
#Requires -Version 7.6
param(
    # Test files or folders; all of them when not given.
    [string[]] $Path,
    [ValidateSet('None', 'Normal', 'Detailed', 'Diagnostic')] [string] $Verbosity = 'Normal'
)

$ErrorActionPreference = 'Stop'
$modules = Join-Path $PSScriptRoot '..' '..' 'out' 'test-modules'
if (Test-Path $modules) {
    $env:PSModulePath = (Resolve-Path $modules).Path + [System.IO.Path]::PathSeparator + $env:PSModulePath
}

Import-Module Pester -MinimumVersion 5.5 -MaximumVersion 5.99.99
Import-Module ($env:LLMOPS_MODULE ?? (Join-Path $PSScriptRoot '..' '..' 'out' 'LlmOps'))
Add-Type -Path (Join-Path $PSScriptRoot 'CallRecorder.cs'), (Join-Path $PSScriptRoot 'ErrorIds.cs')
$base = [LlmOps.Binding.Revival].Assembly.GetType('LlmOps.Commands.LlmOpsCommand')
$observer = $base.GetProperty('Observer', [System.Reflection.BindingFlags] 'Static, NonPublic')
$observer.SetValue($null, [CallRecorder].GetMethod('Observe').CreateDelegate($observer.PropertyType))

$coverage = Join-Path $PSScriptRoot 'Coverage.Tests.ps1'
$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path ? $Path : @($PSScriptRoot, (Join-Path $PSScriptRoot '..' '..' 'examples'))
$configuration.Run.ExcludePath = $coverage, '*/examples/runbooks/Environment.Tests.ps1' # The latter is a part of a runbook, which gives it a configuration.
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = $Verbosity
$configuration.Output.RenderMode = $env:NO_COLOR ? 'Plaintext' : 'Auto'
$results = @(Invoke-Pester -Configuration $configuration)

if (-not $Path) {
    $configuration.Run.Path = @()
    $configuration.Run.ExcludePath = @()
    $configuration.Run.Container = New-PesterContainer -Path $coverage -Data @{ Suite = $results[0] }
    $results += Invoke-Pester -Configuration $configuration
}

foreach ($test in $results.Skipped) {
    $reason = "$($test.ErrorRecord)" -replace '^is skipped(, because )?', ''
    "SKIPPED $($test.ExpandedPath): $($reason ? $reason : 'no reason given')"
}

$sum = { param([string[]] $Property) ($Property | ForEach-Object { $results.$_ } | Measure-Object -Sum).Sum }
"PESTER passed=$(& $sum PassedCount) failed=$(& $sum FailedCount, FailedBlocksCount, FailedContainersCount) skipped=$(& $sum SkippedCount)"
exit (@($results.Result) -ne 'Passed' ? 1 : 0)
