<#
.SYNOPSIS
    Runs the Pester suite, the tests of the examples included, against the staged module and says at the end what ran, what failed and what could not run.
.DESCRIPTION
    LLMOPS_MODULE        folder of the module; out/LlmOps when not set
    LLMOPS_TEST_ENGINE   a real llama-server; what needs one is skipped without it
    LLMOPS_TEST_MODEL    a small model; written when not set
#>
#Requires -Version 7.6
param(
    [string[]] $Path = @($PSScriptRoot, (Join-Path $PSScriptRoot '..' '..' 'examples')),
    [ValidateSet('None', 'Normal', 'Detailed', 'Diagnostic')] [string] $Verbosity = 'Normal'
)

$ErrorActionPreference = 'Stop'
$modules = Join-Path $PSScriptRoot '..' '..' 'out' 'test-modules'
if (Test-Path $modules) {
    $env:PSModulePath = (Resolve-Path $modules).Path + [System.IO.Path]::PathSeparator + $env:PSModulePath
}

Import-Module Pester -MinimumVersion 5.5 -MaximumVersion 5.99.99
$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.ExcludePath = '*/examples/runbooks/Environment.Tests.ps1' # A part of a runbook, which gives it a configuration.
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = $Verbosity
$configuration.Output.RenderMode = $env:NO_COLOR ? 'Plaintext' : 'Auto'
$result = Invoke-Pester -Configuration $configuration

foreach ($test in $result.Skipped) {
    $reason = "$($test.ErrorRecord)" -replace '^is skipped(, because )?', ''
    "SKIPPED $($test.ExpandedPath): $($reason ? $reason : 'no reason given')"
}

"PESTER passed=$($result.PassedCount) failed=$($result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount) skipped=$($result.SkippedCount)"
exit ($result.Result -eq 'Passed' ? 0 : 1)
