BeforeAll {
    . $PSScriptRoot/../../tests/Pester/common.ps1
    Enter-Sandbox
    if ($env:LLMOPS_TEST_ENGINE) {
        $Server = New-LlmServerConfig -Model (Get-TestModel) -Name moved -Port (Get-FreePort) -ContextLength 1024 -Parallel 1 | Start-LlmServer

        # Another place, the same engine: what it costs is not the point here.
        $Another = New-FakeEngine 'another' "exec '$env:LLMOPS_TEST_ENGINE' `"`$@`""
        $Broken = New-FakeEngine 'broken' 'echo "error: loading model: this build is broken" >&2; exit 1'
    }
}

AfterAll { Exit-Sandbox }

Describe 'Update-LlmEngine.ps1' {
    It 'goes back to the old engine when the new one does not start, and says why' {
        Assert-Engine
        { & $PSScriptRoot/Update-LlmEngine.ps1 moved $Broken -Request 2 } | Should -Throw "moved runs with its old engine again, for with *broken-llama-server: *"
        $now = Get-LlmServer moved
        $now.State | Should -Be 'Ready'
        $now.Pid | Should -Not -Be $Server.Pid
        (Import-LlmServerConfig $now.ConfigPath).EnginePath | Should -Not -Be $Broken
    }

    It 'stays with the new one when it is no slower than is tolerated' {
        Assert-Engine
        $differences = & $PSScriptRoot/Update-LlmEngine.ps1 moved $Another -Request 2 -ToleratePercent 1000
        $differences.Figure | Should -Not -BeNullOrEmpty
        (Get-LlmServer moved).State | Should -Be 'Ready'
        (Import-LlmServerConfig (Get-LlmServer moved).ConfigPath).EnginePath | Should -Be $Another
    }

    It 'changes nothing under -WhatIf' {
        Assert-Engine
        $before = (Get-LlmServer moved).Pid
        & $PSScriptRoot/Update-LlmEngine.ps1 moved $Broken -WhatIf
        (Get-LlmServer moved).Pid | Should -Be $before
    }
}
