#!/usr/bin/env pwsh
#requires -Version 7.6
<#
.SYNOPSIS
    Builds, tests, shows and packages LlmOps: the tasks of build.sh for PowerShell.
.EXAMPLE
    ./build.ps1 -Task Demo
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Demo', 'Package', 'Clean')]
    [string] $Task = 'Build',

    # Package what is in out/LlmOps already.
    [switch] $NoBuild
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

function New-Package {
    if (-not $NoBuild) { Invoke-Task build }
    $manifest = Test-ModuleManifest -Path out/LlmOps/LlmOps.psd1
    if ($reference = Get-ChildItem -Path out/LlmOps -Recurse -Filter 'System.Management.Automation*') {
        throw "The staged module holds the reference assembly $($reference.FullName); it must never be shipped."
    }
    $packages = New-Item -ItemType Directory -Path out/packages -Force
    $file = Join-Path $packages "LlmOps.$($manifest.Version).nupkg"
    Remove-Item -LiteralPath $file -ErrorAction Ignore
    & ./tools/New-ModulePackage.ps1 -ModulePath out/LlmOps -Destination $file
    Get-Item -LiteralPath $file
}

switch ($Task) {
    'Build' { Invoke-Task build }
    'Test' { Invoke-Task test }
    'Demo' { Invoke-Task demo }
    'Clean' { Invoke-Task clean }
    'Package' { New-Package }
}
