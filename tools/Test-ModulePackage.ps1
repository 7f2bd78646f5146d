#requires -Version 7.6
<#
.SYNOPSIS
    Looks into a module package as a repository would before it takes it, and says all that is wrong.
.DESCRIPTION
    Manifest and .nuspec say the same and leave nothing out; licence, notices of each assembly that is not ours, help and symbols are in it; the reference assembly and other people's symbols are not; the
    command may be executed.
.EXAMPLE
    ./tools/Test-ModulePackage.ps1 out/packages/LlmOps.0.1.0.nupkg
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)] [string] $Path
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$file = (Resolve-Path -LiteralPath $Path).ProviderPath
$problems = [System.Collections.Generic.List[string]]::new()
$folder = [System.IO.Directory]::CreateTempSubdirectory('llmops-package-').FullName
try {
    $archive = [System.IO.Compression.ZipFile]::OpenRead($file)
    try {
        $entries = @($archive.Entries.FullName)
        foreach ($entry in $archive.Entries | Where-Object FullName -In 'LlmOps.psd1', 'LlmOps.nuspec', 'THIRD-PARTY-NOTICES.txt', 'bin/llmops.deps.json', 'bin/LlmOps.PowerShell.deps.json') {
            [System.IO.Compression.ZipFileExtensions]::ExtractToFile($entry, (Join-Path $folder $entry.Name))
        }

        $command = $archive.Entries | Where-Object FullName -EQ 'bin/llmops'
        if ($command -and -not (($command.ExternalAttributes -shr 16) -band 0x40)) {
            $problems.Add('bin/llmops may not be executed')
        }
    } finally {
        $archive.Dispose()
    }

    $data = Import-PowerShellDataFile -LiteralPath (Join-Path $folder LlmOps.psd1)
    foreach ($key in 'RootModule', 'ModuleVersion', 'GUID', 'Author', 'CompanyName', 'Copyright', 'Description', 'PowerShellVersion', 'CompatiblePSEditions', 'CmdletsToExport', 'FormatsToProcess') {
        if (-not $data.ContainsKey($key) -or -not $data[$key]) { $problems.Add("the manifest has no $key") }
    }

    foreach ($key in 'Tags', 'ReleaseNotes', 'LicenseUri') {
        if (-not $data.PrivateData.PSData.ContainsKey($key)) { $problems.Add("the manifest has no $key") }
    }

    foreach ($key in 'FunctionsToExport', 'CmdletsToExport', 'AliasesToExport', 'VariablesToExport') {
        if (@($data[$key]) -match '[*?]') { $problems.Add("$key has wildcards, so that nothing can be found without importing") }
    }

    $nuspec = ([xml](Get-Content -Raw (Join-Path $folder LlmOps.nuspec))).package.metadata
    $said = [ordered]@{ id = 'LlmOps'; version = $data.ModuleVersion; authors = $data.Author; description = $data.Description; copyright = $data.Copyright; licenseUrl = $data.PrivateData.PSData['LicenseUri'] }
    foreach ($key in $said.Keys) {
        if ("$($nuspec.$key)" -cne "$($said[$key])") { $problems.Add("the .nuspec says $key '$($nuspec.$key)', the manifest '$($said[$key])'") }
    }

    if ($nuspec.license.InnerText -ne 'MIT') { $problems.Add('the .nuspec names no licence') }
    $tags = $nuspec.tags -split ' '
    foreach ($tag in @('PSModule') + @($data.CmdletsToExport | ForEach-Object { "PSCmdlet_$_" })) {
        if ($tag -notin $tags) { $problems.Add("the .nuspec has no tag $tag, by which repositories find it") }
    }

    $needed = @('LICENSE', 'THIRD-PARTY-NOTICES.txt', 'README.md', 'CHANGELOG.md', 'en-US/LlmOps.PowerShell.dll-Help.xml', 'en-US/about_LlmOps.help.txt', 'bin/LlmOps.Loader.dll', 'bin/LlmOps.PowerShell.dll', 'bin/llmops.dll', $data.RootModule) + $data.FormatsToProcess
    $ours = $entries -match '^bin/(LlmOps\..*|llmops)\.dll$'
    $needed += $ours -replace '\.dll$', '.pdb'
    foreach ($name in $needed | Where-Object { $_ -notin $entries }) { $problems.Add("$name is missing") }
    $notices = Get-Content -Path (Join-Path $folder 'THIRD-PARTY-NOTICES.txt') -ErrorAction Ignore
    $packages = foreach ($list in Get-ChildItem -Path $folder -Filter *.deps.json) {
        $libraries = (Get-Content -Raw -LiteralPath $list | ConvertFrom-Json -AsHashtable).libraries
        $libraries.Keys.Where{ $libraries[$_].type -eq 'package' -and "bin/$(($_ -split '/')[0]).dll" -in $entries } -replace '/', ' '
    }
    foreach ($name in $packages | Sort-Object -Unique | Where-Object { $_ -notin $notices }) { $problems.Add("THIRD-PARTY-NOTICES.txt has no notice of $name") }
    $noticed = @($packages | ForEach-Object { "bin/$(($_ -split ' ')[0]).dll" })
    foreach ($name in $entries -match '^bin/.*\.dll$' | Where-Object { $_ -notin $ours -and $_ -notin $noticed }) { $problems.Add("$name is of no package that is known") }
    foreach ($name in $entries -match '(?i)System\.Management\.Automation') { $problems.Add("$name is the reference assembly, which must never be shipped") }
    foreach ($name in $entries -match '\.pdb$' | Where-Object { ($_ -replace '\.pdb$', '.dll') -notin $ours }) { $problems.Add("$name are another project's symbols") }
    foreach ($name in $entries -match '(^|/)(obj|\.git|Fixtures)/|\.(cs|csproj|nupkg)$|^bin/.*\.xml$') { $problems.Add("$name does not belong into it") }
} finally {
    Remove-Item -LiteralPath $folder -Recurse
}

if ($problems.Count) {
    throw "$(Split-Path -Leaf $file) is not to be published: $($problems -join '; ')"
}
