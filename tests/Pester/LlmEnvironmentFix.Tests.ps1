BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Key = Join-Path $Sandbox 'key'
    Set-Content $Key 'secret-of-the-test'
    $Config = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model (Get-TestModel) -Name fixed -ApiKeyFile $Key
}

AfterAll { Exit-Sandbox }

Describe 'Test-LlmEnvironment -Fix' {
    BeforeEach { chmod 644 $Key }

    It 'does nothing with -WhatIf' {
        $result = $Config | Test-LlmEnvironment -Id security.key-file -Fix -WhatIf
        $result.Status | Should -Be 'Fail'
        $result.Commands[0].Text | Should -Be "chmod 600 $Key"
        [int][System.IO.File]::GetUnixFileMode($Key) | Should -Be 0x1A4 -Because 'it was 644'
        Get-LlmEnvironmentFix | Should -BeNullOrEmpty
    }

    It 'mends, looks again, notes it, and takes it back' {
        $result = $Config | Test-LlmEnvironment -Id security.key-file -Fix -Verbose 4>&1
        ($result | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }) -join "`n" | Should -Match "ran chmod 600 .*; undo: chmod 644 "
        ($result | Where-Object { $_ -isnot [System.Management.Automation.VerboseRecord] }).Status | Should -Be 'Pass'
        $Config | Test-LlmEnvironment -Id security.key-file -Quiet | Should -BeTrue

        $done = Get-LlmEnvironmentFix security.key-file
        $done.Succeeded | Should -BeTrue
        $done.Undo | Should -Be "chmod 644 $Key"
        Join-Path $env:XDG_STATE_HOME 'llmops' 'fixes' "$($done.Name).json" | Should -Exist
        $done | Out-String | Should -Match 'Undo\s+: chmod 644'
        ($done | Undo-LlmEnvironmentFix -Confirm:$false).UndoneAt | Should -Not -BeNullOrEmpty
        [int][System.IO.File]::GetUnixFileMode($Key) | Should -Be 0x1A4 -Because 'it was 644'
        { Get-LlmEnvironmentFix security.key-file | Undo-LlmEnvironmentFix -Confirm:$false } | Should -Throw -ErrorId 'FixNotUndoable*'
    }

    It 'mends nothing by looking at another machine' {
        { Get-GpuTopology -Path $TwoGpus | Test-LlmEnvironment -Fix } | Should -Throw -ErrorId 'FixOtherMachine*'
    }
}

Describe 'Export-LlmCheckReport' {
    It 'writes a page and what build servers read' {
        $results = Test-LlmEnvironment
        $results | Export-LlmCheckReport -Title 'my box' | Should -BeLike "# Environment of my box*$($results.Count) checks*"
        $file = $results | Export-LlmCheckReport ./checks.xml -PassThru
        $xml = [xml](Get-Content $file -Raw)
        [int]$xml.testsuites.tests | Should -Be $results.Count
        $xml.testsuites.testsuite.testcase.name | Sort-Object | Should -Be ($results.Id | Sort-Object)
        { $results | Export-LlmCheckReport ./checks.xml -NoClobber } | Should -Throw -ErrorId 'FileExists*'
        $results | Export-LlmCheckReport ./none.md -WhatIf
        './none.md' | Should -Not -Exist
    }

    It 'takes findings from another session' {
        Copy-ThroughSerialisation (Test-LlmEnvironment -Category Cpu) | Export-LlmCheckReport | Should -Match 'cpu\.'
    }
}
