#!/usr/bin/env pwsh
#requires -Version 7.6
<#
.SYNOPSIS
    Builds, tests, shows and packages LlmOps: the tasks of build.sh for PowerShell.
.DESCRIPTION
    Package makes out/packages/LlmOps.VERSION.nupkg, looks into it as a repository would, installs it into out/installed and runs the Pester suite
    against that in a session of its own.
.EXAMPLE
    ./build.ps1 -Task Demo
.EXAMPLE
    ./build.ps1 -Task Package
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Demo', 'Package', 'Clean')]
    [string] $Task = 'Build',

    # Package what is in out/LlmOps already.
    [switch] $NoBuild,

    # Do not run the suite against the installed package.
    [switch] $NoTest
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
Set-Location -LiteralPath $PSScriptRoot

function Invoke-Task {
    param([string] $Name)
    if ($IsWindows) {
        throw "The tasks run build.sh, which needs a Unix shell; on Windows run this inside WSL."
    }
    & bash ./build.sh $Name
}

function ConvertTo-Package {
    param([switch] $Staged)
    if (-not $Staged) { Invoke-Task build }
    $manifest = Test-ModuleManifest -Path out/LlmOps/LlmOps.psd1
    $packages = New-Item -ItemType Directory -Path out/packages -Force
    $file = Join-Path $packages "LlmOps.$($manifest.Version).nupkg"
    Remove-Item -LiteralPath $file -ErrorAction Ignore
    & ./tools/New-ModulePackage.ps1 -ModulePath out/LlmOps -Destination $file
    & ./tools/Test-ModulePackage.ps1 $file
    Get-Item -LiteralPath $file
}

# The suite, in a session that knows the module only from where the package was installed.
function Test-Package {
    param([System.IO.FileInfo] $Package)
    $modules = Join-Path $PWD 'out' -AdditionalChildPath 'installed'
    $module = & ./tools/Install-ModulePackage.ps1 $Package.FullName -Destination $modules -Verbose

    # Tests import by path, for which a folder must be called as its module is and not as its version.
    $named = Join-Path $PWD 'out' -AdditionalChildPath 'installed-by-name', 'LlmOps'
    $null = New-Item -ItemType Directory -Force (Split-Path -Parent $named)
    Remove-Item -LiteralPath $named -Force -ErrorAction Ignore
    $null = New-Item -ItemType SymbolicLink -Path $named -Target $module
    $before = @{}
    $session = @{ LLMOPS_MODULE = $named; LLMOPS_TEST_OUT = Join-Path $PWD out }
    if (-not $env:LLMOPS_TEST_ENGINE) {
        $PSNativeCommandUseErrorActionPreference = $false
        $engine = & (Join-Path $module 'bin' -AdditionalChildPath 'llmops') engine --obtain --path-only 2>$null
        if ($LASTEXITCODE -eq 0) { $session.LLMOPS_TEST_ENGINE = "$engine" }
    }

    try {
        foreach ($name in $session.Keys) {
            $before[$name] = [Environment]::GetEnvironmentVariable($name)
            [Environment]::SetEnvironmentVariable($name, $session[$name])
        }

        $PSNativeCommandUseErrorActionPreference = $false
        $found = & ([Environment]::ProcessPath) -NoProfile -NonInteractive -Command "
            `$env:PSModulePath = '$modules' + [System.IO.Path]::PathSeparator + `$env:PSModulePath
            `$null = Get-GpuTopology -WarningAction Ignore
            (Get-Module LlmOps).ModuleBase"
        if ($found -ne $module) { throw "A clean session finds LlmOps at '$found', not at $module." }

        # Not on the module path here, or a module that was removed would come back by its commands.
        & ([Environment]::ProcessPath) -NoProfile -NonInteractive -File ./tests/Pester/Invoke-Suite.ps1 | Out-Host
        if ($LASTEXITCODE) { throw "The suite failed against the installed package." }
    } finally {
        foreach ($name in $before.Keys) { [Environment]::SetEnvironmentVariable($name, $before[$name]) }
    }
}

switch ($Task) {
    'Build' { Invoke-Task build }
    'Test' { Invoke-Task test }
    'Demo' { Invoke-Task demo }
    'Clean' { Invoke-Task clean }
    'Package' {
        $package = ConvertTo-Package -Staged:$NoBuild
        if (-not $NoTest) { Test-Package $package }
        $package
    }
}
