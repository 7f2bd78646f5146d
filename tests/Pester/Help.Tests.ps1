BeforeDiscovery {
    . $PSScriptRoot/common.ps1
    $Names = (Get-Command -Module LlmOps).Name
}

BeforeAll {
    . $PSScriptRoot/common.ps1
    $CommonParameters = [System.Management.Automation.Cmdlet]::CommonParameters
}

Describe 'Get-Help <_>' -ForEach $Names {
    BeforeAll {
        $Help = Get-Help $_ -Full
        $Command = Get-Command $_
        $Own = $Command.Parameters.Values | Where-Object Name -NotIn $CommonParameters
    }

    It 'says what it is for' {
        $Help.Synopsis | Should -Not -BeNullOrEmpty
        $Help.Synopsis | Should -Not -Match "^\s*$($Command.Name) \["
        $Help.description.Text -join ' ' | Should -Not -BeNullOrEmpty
    }

    It 'explains each parameter as it is' {
        foreach ($parameter in $Own) {
            $text = Get-Help $Command.Name -Parameter $parameter.Name
            $text.description.Text -join ' ' | Should -Not -BeNullOrEmpty -Because "-$($parameter.Name) needs a text"
            if ($parameter.SwitchParameter) {
                $text.defaultValue | Should -Be 'False'
            }
            elseif (-not $parameter.Attributes.Where{ $_.Mandatory }) {
                $text.defaultValue | Should -Not -BeExactly 'None' -Because "-$($parameter.Name) may be left out"
            }

            $text.globbing | Should -Be "$([bool]$parameter.Attributes.Where{ $_ -is [System.Management.Automation.SupportsWildcardsAttribute] })"
            $text.aliases | Should -Be ($parameter.Aliases.Count -eq 0 ? 'none' : ($parameter.Aliases -join ', '))
        }
    }

    It 'shows each way to call it, as PowerShell binds it' {
        @($Help.syntax.syntaxItem).Count | Should -Be $Command.ParameterSets.Count
        foreach ($set in $Command.ParameterSets) {
            $own = $set.Parameters | Where-Object Name -NotIn $CommonParameters
            $match = $Help.syntax.syntaxItem | Where-Object {
                -not (Compare-Object @($_.parameter.name) @($own.Name)) -and
                -not (Compare-Object @($_.parameter | Where-Object required -EQ true | ForEach-Object name) @($own | Where-Object IsMandatory | ForEach-Object Name))
            }
            $match | Should -Not -BeNullOrEmpty -Because "the set $($set.Name) is shown"
        }
    }

    It 'has three examples or more, and links that lead somewhere' {
        @($Help.examples.example).Count | Should -BeGreaterOrEqual 3
        foreach ($link in $Help.relatedLinks.navigationLink.linkText) {
            Get-Help $link | Should -Not -BeNullOrEmpty
        }
    }

    It 'names what it gives' {
        $shown = @($Help.returnValues.returnValue).type.name
        foreach ($type in $Command.OutputType.Type | Where-Object { $_ -and $_ -ne [void] }) {
            $shown | Should -Contain $type.FullName
        }
    }
}

Describe 'Topics' {
    It '<_> is found and fits into 80 columns' -ForEach 'about_LlmOps', 'about_LlmOps_Planning', 'about_LlmOps_Servers', 'about_LlmOps_Measuring' {
        $text = Get-Help $_ | Out-String
        $text | Should -Match "TOPIC\s+$_"
        ($text -split "`n").TrimEnd() | ForEach-Object Length | Measure-Object -Maximum | ForEach-Object Maximum | Should -BeLessOrEqual 80
    }
}

Describe 'The build' {
    BeforeAll {
        $Tool = Join-Path $Repository 'artifacts' 'bin' 'LlmOps.Help' 'debug' 'LlmOps.Help.dll'
        $Assembly = Get-ChildItem (Join-Path $Repository 'artifacts' 'bin' 'LlmOps.PowerShell') -Recurse -Filter LlmOps.PowerShell.dll -ErrorAction Ignore | Sort-Object LastWriteTime | Select-Object -Last 1
        # Runs the build's check on pages that were changed, and gives what it prints.
        function Test-Page([string] $Page, [scriptblock] $Change) {
            $pages = Join-Path $TestDrive ([guid]::NewGuid())
            Copy-Item (Join-Path $Repository 'docs' 'en-US') $pages -Recurse
            $file = Join-Path $pages $Page
            Get-Content $file -Raw | ForEach-Object $Change | Set-Content $file
            dotnet $Tool $Assembly $pages (Join-Path $pages 'out')
        }
    }

    It 'refuses <Case>' -ForEach @(
        @{ Case = 'a parameter without a text'; Page = 'Get-LlmModel.md'; Change = { $_ -replace '(?s)### -AllowIncomplete.*?(?=## Examples)' }; Expected = "*Get-LlmModel.md(*): error LLMHELP: Get-LlmModel -AllowIncomplete is not explained;*" }
        @{ Case = 'a parameter that is gone'; Page = 'Get-LlmModel.md'; Change = { $_ -replace '### -AllowIncomplete', "### -Gone`n`nText.`n`n### -AllowIncomplete" }; Expected = '*Get-LlmModel -Gone is explained, but the cmdlet has no such parameter' }
        @{ Case = 'a default that is no longer so'; Page = 'Stop-LlmServer.md'; Change = { $_ -replace 'Default: 10', 'Default: 5' }; Expected = "*Stop-LlmServer -GraceSec has the default '10'; its page says '5'" }
        @{ Case = 'a default that nobody says'; Page = 'Get-LlmEngine.md'; Change = { $_ -replace '- Default: what is.*' }; Expected = "*Get-LlmEngine -Path has no default;*" }
        @{ Case = 'a number without its unit'; Page = 'Stop-LlmServer.md'; Change = { $_ -replace '- Unit: seconds' }; Expected = '*Stop-LlmServer -GraceSec is a number without its unit;*' }
        @{ Case = 'fewer than three examples'; Page = 'Get-LlmServerLog.md'; Change = { $_ -replace '(?s)### What it says.*?(?=### Follow)' }; Expected = '*Get-LlmServerLog has 2 examples; write at least 3' }
        @{ Case = 'a link to nothing'; Page = 'Get-LlmModel.md'; Change = { $_ -replace '- about_LlmOps_Planning', '- Get-LlmMagic' }; Expected = "*Get-LlmModel is related to 'Get-LlmMagic', which is neither a cmdlet nor a topic" }
        @{ Case = 'a page without a cmdlet'; Page = 'Get-LlmModel.md'; Change = { $_ -replace '# Get-LlmModel', '# Get-LlmModels' }; Expected = "*Get-LlmModel has no help;*" }
        @{ Case = 'code too wide for a topic'; Page = 'about_LlmOps.md'; Change = { $_ -replace '(?m)^Get-GpuTopology$', ('Get-GpuTopology' + ' ' * 60 + '| Out-Null') }; Expected = '*about_LlmOps has code wider than 72 columns*' }
    ) {
        if (-not ((Test-Path $Tool) -and $Assembly)) {
            Set-ItResult -Skipped -Because 'the check of the build is not there'
        }

        $lines = Test-Page $Page $Change
        $LASTEXITCODE | Should -Be 1
        @($lines -like $Expected).Count | Should -Be 1 -Because "it printed: $lines"
    }

    It 'takes the pages as they are' {
        if (-not ((Test-Path $Tool) -and $Assembly)) {
            Set-ItResult -Skipped -Because 'the check of the build is not there'
        }

        Test-Page 'about_LlmOps.md' { $_ } | Should -BeNullOrEmpty
        $LASTEXITCODE | Should -Be 0
    }
}
