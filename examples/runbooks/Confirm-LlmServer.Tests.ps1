BeforeAll {
    . $PSScriptRoot/../../tests/Pester/common.ps1
    Enter-Sandbox
    if ($env:LLMOPS_TEST_ENGINE) {
        $null = New-LlmServerConfig -Model (Get-TestModel) -Name verified -Port (Get-FreePort) -ContextLength 1024 -Parallel 1 | Start-LlmServer
    }
}

AfterAll { Exit-Sandbox }

Describe 'Confirm-LlmServer.ps1' {
    It 'passes a server that is as it should be' {
        Assert-Engine
        $checks = & $PSScriptRoot/Confirm-LlmServer.ps1 verified
        $checks.Passed | Should -Not -Contain $false
        $checks.Check | Should -Contain 'fast enough'
    }

    It 'names what is not, with what was seen' {
        Assert-Engine
        { & $PSScriptRoot/Confirm-LlmServer.ps1 verified -MinimumTokensPerSecond 999999 } | Should -Throw 'verified is not as it should be: fast enough (* tokens/s)'
        $null = Stop-LlmServer verified
        { & $PSScriptRoot/Confirm-LlmServer.ps1 verified } | Should -Throw '*not as it should be: ready (Stopped*'
    }
}
