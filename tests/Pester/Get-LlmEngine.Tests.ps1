BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
}

AfterAll { Exit-Sandbox }

Describe 'Get-LlmEngine' {
    It 'reads what the real llama-server accepts' {
        Assert-Engine
        $engine = Get-LlmEngine -Path $env:LLMOPS_TEST_ENGINE
        $engine.Engine | Should -Be 'llama.cpp'
        $engine.Path | Should -Be $env:LLMOPS_TEST_ENGINE
        $engine.Flags.Count | Should -BeGreaterThan 100
        $engine.Find('--ctx-size').Names | Should -Contain '-c'
    }

    It 'finds it without being told, best first' {
        Assert-Engine
        @(Get-LlmEngine)[0].Path | Should -Be $env:LLMOPS_TEST_ENGINE
        @(Get-LlmEngine -Engine llama.cpp)[0].Path | Should -Be $env:LLMOPS_TEST_ENGINE
    }

    It 'shows a table' {
        Assert-Engine
        Get-LlmEngine | Out-String -Width 250 | Should -Match 'Engine\s+Version\s+Build\s+Flags\s+Devices\s+Path'
    }

    It 'says that a binary is not there' {
        { Get-LlmEngine -Path ./no-such-server -ErrorAction Stop } | Should -Throw -ErrorId 'EngineNotFound,LlmOps.Commands.GetLlmEngineCommand'
    }

    It 'says in one line that a binary is not llama-server, and shows what it printed' {
        $path = Join-Path $Sandbox 'impostor'
        Set-Content $path "#!/bin/sh`necho 'I am a teapot' >&2`nexit 1"
        chmod +x $path
        { Get-LlmEngine -Path $path -ErrorAction Stop } | Should -Throw -ExpectedMessage '*teapot*'
        $Error[0].Exception.Message | Should -Not -Match "`n"
    }

    It 'refuses engines that it does not know' {
        { Get-LlmEngine -Engine tgi } | Should -Throw -ErrorId 'ParameterArgumentValidationError,LlmOps.Commands.GetLlmEngineCommand'
    }
}
