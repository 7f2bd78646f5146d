BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Manifest = Join-Path $ModulePath 'LlmOps.psd1'
    $Data = Import-PowerShellDataFile $Manifest
}

AfterAll { Exit-Sandbox }

Describe 'The manifest' {
    It 'is valid' {
        (Test-ModuleManifest $Manifest -ErrorAction Stop).Name | Should -Be 'LlmOps'
    }

    It 'exports what is implemented, no more and no less' {
        $types = [LlmOps.Binding.Revival].Assembly.GetExportedTypes() | Where-Object { -not $_.IsAbstract -and $_.IsSubclassOf([System.Management.Automation.Cmdlet]) }
        $implemented = foreach ($type in $types) {
            $attribute = $type.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false)[0]
            "$($attribute.VerbName)-$($attribute.NounName)"
        }

        $Data.CmdletsToExport | Sort-Object | Should -Be ($implemented | Sort-Object)
        (Get-Module LlmOps).ExportedCmdlets.Keys | Sort-Object | Should -Be ($implemented | Sort-Object)
        (Get-Module LlmOps).ExportedAliases.Count + (Get-Module LlmOps).ExportedFunctions.Count | Should -Be 0
    }

    It 'names no wildcards' {
        $Data.FunctionsToExport, $Data.AliasesToExport, $Data.VariablesToExport | ForEach-Object { $_ | Should -BeNullOrEmpty }
    }

    It 'uses approved verbs' {
        $Data.CmdletsToExport.ForEach{ ($_ -split '-')[0] } | Sort-Object -Unique | Should -BeIn (Get-Verb).Verb
    }

    It 'names files that are there' {
        foreach ($file in @($Data.FormatsToProcess) + 'LlmOps.TypeData.psd1' + 'LlmOps.Types.ps1xml' + $Data.RootModule) {
            Join-Path $ModulePath $file | Should -Exist
        }
    }

    It 'names the types of its type data so that a thread finds them which knows nothing of this session' {
        $xml = [xml](Get-Content (Join-Path $ModulePath 'LlmOps.Types.ps1xml') -Raw)
        $names = @($xml.SelectNodes('//TypeName/text() | //NoteProperty[Name="TargetTypeForDeserialization"]/Value/text()').Value | Sort-Object -Unique)
        $names.Count | Should -BeGreaterThan 3
        foreach ($name in $names) {
            [type]::GetType($name) | Should -Not -BeNullOrEmpty -Because "PowerShell may look for $name on any thread"
        }
    }

    It 'has the version of the build and of the change log' {
        $properties = [xml](Get-Content (Join-Path $Repository 'Directory.Build.props') -Raw)
        $Data.ModuleVersion | Should -Be @($properties.Project.PropertyGroup.Version)[0]
        $top = Select-String -Path (Join-Path $Repository 'CHANGELOG.md') -Pattern '^## \[?v?(\d+\.\d+\.\d+)' | Select-Object -First 1
        $top.Matches.Groups[1].Value | Should -Be $Data.ModuleVersion
    }

    It 'ships no assembly that PowerShell supplies' {
        Get-ChildItem (Join-Path $ModulePath 'bin') -Filter 'System.Management.Automation*' | Should -BeNullOrEmpty
    }
}

Describe 'Every cmdlet' {
    It 'says what it gives, and explains each of its parameters' {
        foreach ($cmdlet in Get-Command -Module LlmOps -CommandType Cmdlet) {
            $cmdlet.OutputType.Count | Should -BeGreaterThan 0 -Because "$cmdlet has output"
            $names = $cmdlet.ImplementingType.GetProperties().Name
            foreach ($parameter in $cmdlet.Parameters.Values | Where-Object Name -In $names) {
                $parameter.Attributes.HelpMessage | Where-Object { $_ } | Should -Not -BeNullOrEmpty -Because "$cmdlet -$($parameter.Name) needs a help message"
            }
        }
    }

    It 'that changes something can be asked what it would do' {
        foreach ($name in 'Start', 'Stop', 'Restart', 'Remove' | ForEach-Object { "$_-LlmServer" }) {
            (Get-Command $name).Parameters.Keys | Should -Contain 'WhatIf'
        }
    }
}

Describe 'The module' {
    It 'has all its cmdlets after <Case>' -ForEach @(
        @{ Case = 'one import'; Again = '' }
        @{ Case = 'Import-Module -Force'; Again = 'Import-Module {0} -Force; Import-Module {0} -Force;' }
        @{ Case = 'Remove-Module and Import-Module'; Again = 'Remove-Module LlmOps; Import-Module {0};' }
    ) {
        $again = $Again -f $ModulePath
        $text = Invoke-OtherSession "$again (Get-Command -Module LlmOps).Count; (Get-GpuTopology -Path '$TwoGpus').Gpus.Count; @(Get-Module LlmOps*).Count"
        $text.Trim() -split '\s+' | Should -Be $Data.CmdletsToExport.Count, 2, 1
    }

    It 'leaves nothing behind when it is removed' {
        $text = Invoke-OtherSession 'Remove-Module LlmOps; @(Get-Module LlmOps*).Count; @(Get-Command Get-GpuTopology -ErrorAction Ignore).Count'
        $text.Trim() -split '\s+' | Should -Be 0, 0
    }

    It 'works in parallel runspaces' {
        $text = Invoke-OtherSession "1..4 | ForEach-Object -Parallel { Import-Module '$ModulePath'; (Get-GpuTopology -Path '$TwoGpus').Gpus.Count } -ThrottleLimit 4"
        $text.Trim() -split '\s+' | Should -Be 2, 2, 2, 2
    }

    It 'works in a job' {
        $gpus = Start-Job { Import-Module $using:ModulePath; (Get-GpuTopology -Path $using:TwoGpus).Gpus } | Receive-Job -Wait -AutoRemoveJob
        $gpus.Name | Should -Be 'NVIDIA GeForce RTX 4080 SUPER', 'NVIDIA GeForce RTX 2080 Ti'
    }

    It 'is found by name and loaded on first use' {
        $folder = Split-Path $ModulePath
        $text = & $Pwsh -NoProfile -NonInteractive -Command "`$env:PSModulePath = '$folder'; (Get-GpuTopology -Path '$TwoGpus').Gpus.Count" | Out-String
        $text.Trim() | Should -Be '2'
    }

    # What these load is most of the time that an import takes; the time itself depends on the machine.
    It 'needs no other module and no package when it is imported' {
        $script = "Import-Module '$ModulePath'; (Get-Module).Name -join ','; [System.AppDomain]::CurrentDomain.GetAssemblies().ForEach{ `$_.GetName().Name }.Where{ `$_ -match '^LlmOps|^Yaml' } -join ','"
        $text = & $Pwsh -NoProfile -NonInteractive -Command $script | Out-String
        $lines = $text.Trim() -split '\s*\n\s*'
        $lines[0] | Should -Be 'LlmOps'
        $lines[1] -split ',' | Sort-Object | Should -Be 'LlmOps.Core', 'LlmOps.Loader', 'LlmOps.PowerShell'
    }

    It 'writes nothing when it is imported' {
        & $Pwsh -NoProfile -NonInteractive -Command "Import-Module '$ModulePath'" 2>&1 | Should -BeNullOrEmpty
    }
}

Describe 'Beside a module with another YamlDotNet' {
    BeforeAll {
        # The machine's package cache, or the feed, supplies the other version; both may lack it.
        $project = New-Item -ItemType Directory (Join-Path $Sandbox 'other-yaml')
        Set-Content (Join-Path $project 'Other.csproj') @'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework><NuGetAudit>false</NuGetAudit></PropertyGroup>
  <ItemGroup><PackageReference Include="YamlDotNet" Version="[13.0.0,16.0.0)" /></ItemGroup>
</Project>
'@
        $output = if (Get-Command dotnet -ErrorAction Ignore) { dotnet restore $project 2>&1 }
        $restored = Join-Path $project 'obj' 'project.assets.json'
        $Why = "no YamlDotNet before version 16 could be had: $($output | Select-String 'error' | Select-Object -First 1)"
        $OtherYaml = $null
        if (Test-Path $restored) {
            $assets = Get-Content $restored -Raw | ConvertFrom-Json -AsHashtable
            $package = @($assets.targets.'net10.0'.Keys)[0]
            $library = @($assets.targets.'net10.0'[$package].runtime.Keys)[0]
            $OtherMajor = ($package -split '/')[1].Split('.')[0]
            $OtherYaml = Join-Path @($assets.packageFolders.Keys)[0] $assets.libraries[$package].path $library
        }

        $OtherModule = Join-Path $Fixtures 'OtherYaml'
    }

    It 'both work when <First> is imported first' -ForEach @(@{ First = 'LlmOps' }, @{ First = 'OtherYaml' }) {
        if (-not $OtherYaml) {
            Set-ItResult -Skipped -Because $Why
        }

        $modules = "'$ModulePath'", "'$OtherModule'"
        if ($First -eq 'OtherYaml') {
            [array]::Reverse($modules)
        }

        $model = Get-TestModel
        $script = @"
`$ErrorActionPreference = 'Stop'; `$env:OTHER_YAML = '$OtherYaml'
Import-Module $($modules[0]); Import-Module $($modules[1])
ConvertTo-OtherYaml @{ answer = 42 }
`$config = Get-GpuTopology -Path '$TwoGpus' | New-LlmServerConfig -Model '$model' -Name both
Set-Content both.yaml (`$config | Export-LlmServerConfig)
(Import-LlmServerConfig both.yaml).Name
[System.AppDomain]::CurrentDomain.GetAssemblies().Where{ `$_.GetName().Name -eq 'YamlDotNet' }.ForEach{ `$_.GetName().Version.Major } | Sort-Object
"@
        $text = & $Pwsh -NoProfile -NonInteractive -Command $script 2>&1 | Out-String
        $text.Trim() -split '\s*\n\s*' | Should -Be 'answer: 42', 'both', $OtherMajor, '16'
    }
}
