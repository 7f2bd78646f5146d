BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Model = Get-TestModel
}

AfterAll { Exit-Sandbox }

Describe 'Test-LlmEnvironment' {
    It 'gives one finding a check, with stable ids' {
        $results = Test-LlmEnvironment
        $results[0].PSTypeNames[0] | Should -Be 'LlmOps.Diagnostics.CheckResult'
        $results.Id | Should -Contain 'engine.runs'
        ($results.Id | Sort-Object -Unique).Count | Should -Be $results.Count
    }

    It 'finds the engine' {
        Assert-Engine
        (Test-LlmEnvironment -Category Engine | Where-Object Id -EQ 'engine.runs').Status | Should -Be 'Pass'
    }

    It 'fails with a remedy where the engine does not run' {
        $path = Join-Path $Sandbox 'broken-server'
        Set-Content $path "#!/bin/sh`necho 'error while loading shared libraries: libggml.so.0' >&2`nexit 127"
        chmod +x $path
        $result = Test-LlmEnvironment -EnginePath $path -Category Engine | Where-Object Id -EQ 'engine.runs'
        $result.Status | Should -Be 'Fail'
        $result.Evidence | Should -Match 'libggml'
        $result.Remedy | Should -Not -BeNullOrEmpty
        Test-LlmEnvironment -EnginePath $path -Category Engine -Quiet | Should -BeFalse
    }

    It 'keeps to the categories asked for' {
        (Test-LlmEnvironment -Category Cpu, Memory).Category | Sort-Object -Unique | Should -Be 'Cpu', 'Memory'
    }

    It 'takes a topology, a configuration and a model from the pipeline' {
        (Get-GpuTopology -Path $TwoGpus | Test-LlmEnvironment -Category Gpu | Where-Object Id -EQ 'gpu.present').Status | Should -Be 'Pass'
        (Get-LlmModel $Model | Test-LlmEnvironment -Category Model | Where-Object Id -EQ 'model.complete').Status | Should -Be 'Pass'
        $results = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Model | Test-LlmEnvironment -Category Model
        ($results | Where-Object Id -EQ 'model.fits').Status | Should -Be 'Pass'
    }

    It 'says true or false when asked to be quiet' {
        $answer = @(Test-LlmEnvironment -Category Cpu -Quiet)
        $answer.Count | Should -Be 1
        $answer[0] | Should -BeOfType ([bool])
    }

    It 'is false and says why when the model cannot be read' {
        $answer = Test-LlmEnvironment -Model ./none.gguf -Category Model -Quiet -ErrorVariable problem -ErrorAction SilentlyContinue
        $answer | Should -BeFalse
        $problem[0].FullyQualifiedErrorId | Should -Be 'FileNotFound,LlmOps.Commands.TestLlmEnvironmentCommand'
    }

    It 'shows what to do about what is not in order' {
        $text = Test-LlmEnvironment -EnginePath ./missing-server -Category Engine | Out-String -Width 160
        $text | Should -Match 'Fail\s+engine\.runs'
        $text | Should -Match '-> '
    }

    It 'gives only findings of the statuses asked for, and asks all checks all the same' {
        $bare = Get-GpuTopology -Path $TwoGpus
        @($bare | Test-LlmEnvironment -Category Storage, Gpu -Status Skip).Status | Sort-Object -Unique | Should -Be 'Skip'
        @($bare | Test-LlmEnvironment -Category Storage -Status Warn, Fail).Count | Should -Be 0
        Test-LlmEnvironment -EnginePath ./missing-server -Category Engine -Status Pass -Quiet | Should -BeFalse
    }

    It 'completes categories' {
        (Get-Completion 'Test-LlmEnvironment -Category Mem').CompletionText | Should -Contain 'Memory'
    }

    It 'keeps to the ids asked for, with wildcards, and leaves out others' {
        (Test-LlmEnvironment -Id cpu.quota, 'memory.s*').Id | Sort-Object | Should -Be 'cpu.quota', 'memory.shm', 'memory.swap'
        (Test-LlmEnvironment -Id 'memory.s*' -Exclude memory.shm).Id | Should -Be 'memory.swap'
    }

    It 'refuses an id that no check has' {
        { Test-LlmEnvironment -Id memory.swop } | Should -Throw -ErrorId 'CheckUnknown,LlmOps.Commands.TestLlmEnvironmentCommand'
    }

    It 'does not look at this machine in place of a saved one' {
        $results = Get-GpuTopology -Path $TwoGpus | Test-LlmEnvironment -Category Storage
        $results.Status | Sort-Object -Unique | Should -Be 'Skip'
    }

    It 'says why a finding matters, whether it blocks, and how to mend it' {
        $result = Test-LlmEnvironment -EnginePath ./missing-server -Id engine.runs
        $result.Blocks | Should -BeTrue
        $result.Why | Should -Not -BeNullOrEmpty
    }

    It 'completes ids' {
        (Get-Completion 'Test-LlmEnvironment -Id memory.sw').CompletionText | Should -Contain 'memory.swap'
    }
}
