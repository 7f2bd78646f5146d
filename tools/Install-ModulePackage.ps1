#requires -Version 7.6
<#
.SYNOPSIS
    Installs a module package into a folder, as its users would get it: through PSResourceGet from a local repository, or unpacked where that is missing.
.EXAMPLE
    ./tools/Install-ModulePackage.ps1 out/packages/LlmOps.0.1.0.nupkg -Destination out/installed
.OUTPUTS
    The folder of the module.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)] [string] $Path,

    # A folder for PSModulePath.
    [Parameter(Mandatory)] [string] $Destination
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$package = Get-Item -LiteralPath $Path
$root = (New-Item -ItemType Directory -Force $Destination).FullName
$version = $package.BaseName -replace '^LlmOps\.'
$module = Join-Path $root 'LlmOps' -AdditionalChildPath $version
if (Test-Path -LiteralPath $module) {
    Remove-Item -LiteralPath $module -Recurse
}

if (Get-Command Save-PSResource -ErrorAction Ignore) {
    $repository = "LlmOps-$([System.IO.Path]::GetRandomFileName())"
    Register-PSResourceRepository -Name $repository -Uri $package.DirectoryName -Trusted
    try {
        Save-PSResource -Name LlmOps -Version $version -Repository $repository -Path $root -TrustRepository
    } finally {
        Unregister-PSResourceRepository -Name $repository
    }

    Write-Verbose 'Installed through PSResourceGet.'
} else {
    [System.IO.Compression.ZipFile]::ExtractToDirectory($package.FullName, $module)
    foreach ($part in '_rels', '[Content_Types].xml', 'LlmOps.nuspec') {
        Remove-Item -LiteralPath (Join-Path $module $part) -Recurse -Force # .rels counts as hidden.
    }

    Write-Verbose 'Unpacked, for PSResourceGet is not on this machine.'
}

$module
