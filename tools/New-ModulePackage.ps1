#requires -Version 7.6
<#
.SYNOPSIS
    Packs a staged module as the .nupkg that a PowerShell repository takes.
.DESCRIPTION
    A package is a zip with the module's files, a .nuspec and the two parts that the package conventions require. Publish-PSResource would make
    the same, but is not on every machine that has PowerShell.
.EXAMPLE
    ./tools/New-ModulePackage.ps1 -ModulePath out/LlmOps -Destination out/packages/LlmOps.0.1.0.nupkg
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $ModulePath,
    [Parameter(Mandatory)] [string] $Destination
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$root = (Resolve-Path -LiteralPath $ModulePath).ProviderPath
$data = Import-PowerShellDataFile -LiteralPath (Join-Path $root 'LlmOps.psd1')
$psData = $data.PrivateData.PSData
$escape = { param($text) [System.Security.SecurityElement]::Escape([string]$text) }
$tags = @($psData.Tags) + 'PSModule' + @($data.CmdletsToExport | ForEach-Object { "PSCmdlet_$_" })

$nuspec = @"
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2011/08/nuspec.xsd">
  <metadata>
    <id>LlmOps</id>
    <version>$($data.ModuleVersion)</version>
    <authors>$(& $escape $data.Author)</authors>
    <owners>$(& $escape $data.CompanyName)</owners>
    <requireLicenseAcceptance>false</requireLicenseAcceptance>
    <license type="expression">MIT</license>
    <licenseUrl>$(& $escape $psData.LicenseUri)</licenseUrl>
    <description>$(& $escape $data.Description)</description>
    <releaseNotes>$(& $escape $psData.ReleaseNotes)</releaseNotes>
    <copyright>$(& $escape $data.Copyright)</copyright>
    <tags>$(& $escape ($tags -join ' '))</tags>
  </metadata>
</package>
"@

$contentTypes = @'
<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" />
  <Default Extension="nuspec" ContentType="application/octet" />
'@
$relations = @'
<?xml version="1.0" encoding="utf-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
  <Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/LlmOps.nuspec" Id="R1" />
</Relationships>
'@

$files = Get-ChildItem -LiteralPath $root -Recurse -File
$extensions = $files.Extension | Where-Object { $_ } | ForEach-Object { $_.TrimStart('.') } | Sort-Object -Unique
foreach ($extension in $extensions) { $contentTypes += "`n  <Default Extension=`"$extension`" ContentType=`"application/octet`" />" }
foreach ($file in $files | Where-Object { -not $_.Extension }) {
    $contentTypes += "`n  <Override PartName=`"/$([System.IO.Path]::GetRelativePath($root, $file.FullName).Replace('\', '/'))`" ContentType=`"application/octet`" />"
}
$contentTypes += "`n</Types>`n"

$target = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Destination)
$archive = [System.IO.Compression.ZipFile]::Open($target, 'Create')
try {
    $parts = [ordered]@{ 'LlmOps.nuspec' = $nuspec; '[Content_Types].xml' = $contentTypes; '_rels/.rels' = $relations }
    foreach ($name in $parts.Keys) {
        $writer = [System.IO.StreamWriter]::new($archive.CreateEntry($name).Open())
        try { $writer.Write($parts[$name]) } finally { $writer.Dispose() }
    }
    foreach ($file in $files) {
        $entry = [System.IO.Path]::GetRelativePath($root, $file.FullName).Replace('\', '/')
        # The extension method keeps the Unix mode, so that the command stays executable.
        [void][System.IO.Compression.ZipFileExtensions]::CreateEntryFromFile($archive, $file.FullName, $entry)
    }
}
finally {
    $archive.Dispose()
}
