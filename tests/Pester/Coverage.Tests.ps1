# What the cmdlets can be called with, can be given by the pipeline and can fail with, held against what tests did that passed. Calls made by set-ups count for
# nothing, nor do calls that failed, nor the examples of the help. Run by Invoke-Suite.ps1 after all other files; Suite is their result.
param($Suite)

BeforeDiscovery {
    $cases = foreach ($cmdlet in Get-Command -Module LlmOps -CommandType Cmdlet) { @{ Command = $cmdlet.Name; Cmdlet = $cmdlet } }
    $changing = $cases.Where{ $_.Cmdlet.Parameters.ContainsKey('WhatIf') }
    $core = [LlmOps.Binding.Revival]::Types[0].Assembly
    $ids = [ErrorIds]::Of($core, [LlmOps.Binding.Revival].Assembly) | ForEach-Object { @{ Id = $_ } }
    $elsewhere = (Import-PowerShellDataFile (Join-Path $PSScriptRoot 'errorsElsewhere.psd1')).Tested.GetEnumerator() | ForEach-Object { @{ Id = $_.Key; File = $_.Value } }
}

BeforeAll {
    . $PSScriptRoot/common.ps1
    . $PSScriptRoot/calls.ps1
    $All = @(Get-TestedCall $Suite | Where-Object { $_.Test.Block.BlockContainer.Item.Name -ne 'HelpExamples.Tests.ps1' })
    $Good = $All.Where{ -not $_.Errors }
    $Said = Import-PowerShellDataFile (Join-Path $PSScriptRoot 'errorsElsewhere.psd1')
    $Elsewhere = @($Said.Tested.Keys) + @($Said.NotTested.Keys)
    $Common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters

    # Names a test's own text or data: an id that a test meets without naming it is not asserted by it.
    function Test-Named($Test, [string] $Id) {
        $text = "$($Test.ScriptBlock) $($Test.Data | ConvertTo-Json -Depth 2 -Compress -WarningAction SilentlyContinue)"
        $text -cmatch "\b$Id\b"
    }

}

Describe 'A test that passed' {
    It 'used each parameter set of <Command>' -ForEach $cases {
        $used = $Good.Where{ $_.Command -eq $Command }.ParameterSet | Sort-Object -Unique
        $missing = $Cmdlet.ParameterSets.Name | Where-Object { $_ -notin $used }
        if ($missing) { Assert-Engine }
        $missing | Should -BeNullOrEmpty
    }

    It 'gave <Command> each of its parameters' -ForEach $cases {
        $used = $Good.Where{ $_.Command -eq $Command }.ForEach{ $_.Parameters } | Sort-Object -Unique
        $missing = $Cmdlet.ParameterSets.Parameters.Name | Sort-Object -Unique | Where-Object { $_ -notin $Common -and $_ -notin $used }
        if ($missing) { Assert-Engine }
        $missing | Should -BeNullOrEmpty
    }

    It 'gave <Command> each pipeline parameter by value and by property name, as it can be' -ForEach $cases {
        $calls = $Good.Where{ $_.Command -eq $Command }
        $parameters = $Cmdlet.ParameterSets.Parameters
        $missing = @(
            $byValue = $calls.ForEach{ $_.ByValue }
            $parameters.Where{ $_.ValueFromPipeline }.ForEach{ $_.Name } | Where-Object { $_ -notin $byValue } | ForEach-Object { "$_ by value" }
            $byName = $calls.ForEach{ $_.ByPropertyName }
            $parameters.Where{ $_.ValueFromPipelineByPropertyName }.ForEach{ $_.Name } | Where-Object { $_ -notin $byName } | ForEach-Object { "$_ by property name" }
        ) | Sort-Object -Unique
        if ($missing) { Assert-Engine }
        $missing | Should -BeNullOrEmpty
    }

    It 'asked <Command> what it would do' -ForEach $changing {
        $asked = $Good.Where{ $_.Command -eq $Command -and $_.WhatIf }
        if (-not $asked) { Assert-Engine }
        $asked.Count | Should -BeGreaterThan 0
    }

    It 'met <Id> and says so, or one of the library does' -ForEach $ids {
        $met = $All.Where{ $_.Errors -ccontains $Id -and (Test-Named $_.Test $Id) }
        if ($met) { $Elsewhere | Should -Not -Contain $Id -Because 'it is asserted here' }
        elseif ($Elsewhere -cnotcontains $Id) {
            Assert-Engine
            $All.Where{ $_.Errors -ccontains $Id }.ForEach{ $_.Test.ExpandedPath } | Should -Not -BeNullOrEmpty -Because "no test asserts $Id"
            throw "$Id was met, but no test that met it names it."
        }
    }
}

Describe 'What is said of errors' {
    It 'holds: <Id> is asserted in <File>' -ForEach $elsewhere {
        Get-Content -Raw (Join-Path $Repository 'tests' $File) | Should -MatchExactly "`"$Id`""
    }

    It 'is said of errors that there are, and once' {
        $ids = [ErrorIds]::Of([LlmOps.Binding.Revival]::Types[0].Assembly, [LlmOps.Binding.Revival].Assembly)
        $Elsewhere | Where-Object { $_ -cnotin $ids } | Should -BeNullOrEmpty
        $Elsewhere | Group-Object | Where-Object Count -GT 1 | Should -BeNullOrEmpty
    }

    It 'names every error that was met' {
        $known = [ErrorIds]::Of([LlmOps.Binding.Revival]::Types[0].Assembly, [LlmOps.Binding.Revival].Assembly)
        $All.ForEach{ $_.Errors } | Sort-Object -Unique | Where-Object { $_ -notin $known } | Should -BeNullOrEmpty
    }
}
