# What would be published is what was staged: nothing missing, nothing too much, and it works from where it was installed.
BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Tools = Join-Path $Repository tools
    $Version = (Import-PowerShellDataFile (Join-Path $ModulePath LlmOps.psd1)).ModuleVersion
    $Package = Join-Path $Sandbox "LlmOps.$Version.nupkg"
    & $Tools/New-ModulePackage.ps1 -ModulePath $ModulePath -Destination $Package
}

AfterAll { Exit-Sandbox }

Describe 'The package' {
    It 'has all that a repository and its users need' {
        { & $Tools/Test-ModulePackage.ps1 $Package } | Should -Not -Throw
    }

    It 'is refused with <Name>' -ForEach @(
        @{ Name = 'the reference assembly'; Change = { param($archive) $null = $archive.CreateEntry('bin/System.Management.Automation.dll') }; Says = '*reference assembly*' }
        @{ Name = 'no licence'; Change = { param($archive) $archive.GetEntry('LICENSE').Delete() }; Says = '*LICENSE is missing*' }
        @{ Name = 'no notices'; Change = { param($archive) $archive.GetEntry('THIRD-PARTY-NOTICES.txt').Delete() }; Says = '*no notice of YamlDotNet*' }
        @{ Name = 'an assembly of nobody'; Change = { param($archive) $null = $archive.CreateEntry('bin/Other.dll') }; Says = '*bin/Other.dll is of no package that is known*' }
        @{ Name = 'no symbols'; Change = { param($archive) $archive.GetEntry('bin/LlmOps.Core.pdb').Delete() }; Says = '*LlmOps.Core.pdb is missing*' }
        @{ Name = 'sources'; Change = { param($archive) $null = $archive.CreateEntry('bin/Program.cs') }; Says = '*Program.cs does not belong*' }
    ) {
        $bad = Join-Path $Sandbox "bad/LlmOps.$Version.nupkg"
        $null = New-Item -ItemType Directory -Force (Split-Path $bad)
        Copy-Item $Package $bad -Force
        $archive = [System.IO.Compression.ZipFile]::Open($bad, 'Update')
        try { & $Change $archive } finally { $archive.Dispose() }
        { & $Tools/Test-ModulePackage.ps1 $bad } | Should -Throw $Says
    }

    It 'installs, is found by its name in a clean session, and its command runs' {
        $module = & $Tools/Install-ModulePackage.ps1 $Package -Destination (Join-Path $Sandbox modules)
        $said = & $Pwsh -NoProfile -NonInteractive -Command "`$env:PSModulePath = '$Sandbox/modules' + [System.IO.Path]::PathSeparator + `$env:PSModulePath
            Import-Module LlmOps; (Get-Module LlmOps).ModuleBase; (Get-Command -Module LlmOps).Count; (Get-Help Start-LlmServer).Synopsis"
        $said[0] | Should -Be $module
        [int] $said[1] | Should -Be (Import-PowerShellDataFile (Join-Path $ModulePath LlmOps.psd1)).CmdletsToExport.Count
        $said[2] | Should -Match 'Starts'
        & (Join-Path $module bin llmops) --version | Should -Match ([regex]::Escape($Version))
    }
}
