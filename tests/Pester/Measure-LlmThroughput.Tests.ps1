BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Model = Get-TestModel
    if ($env:LLMOPS_TEST_ENGINE) {
        $Server = New-LlmServerConfig -Model $Model -Name measured -Port (Get-FreePort) | Start-LlmServer
        $Results = $Server | Measure-LlmThroughput -Concurrency 1, 2 -PromptTokens 32 -OutputTokens 8 -Request 4
    }
}

AfterAll { Exit-Sandbox }

Describe 'Measure-LlmThroughput' {
    It 'gives one result a load point' {
        Assert-Engine
        $Results.Count | Should -Be 2
        $Results[0].PSTypeNames[0] | Should -Be 'LlmOps.Benchmarking.ThroughputResult'
        $Results.Concurrency | Should -Be 1, 2
        $Results.Requests | Should -Be 4, 4
        $Results.Errors | Should -Be 0, 0
        $Results.OutputTokens | Should -Be 32, 32
        $Results[0].TtftSeconds.P50 | Should -BeGreaterThan 0
        $Results[0].ServerName | Should -Be 'measured'
    }

    It 'gives each as it is measured' {
        Assert-Engine
        $first = $Server | Measure-LlmThroughput -Concurrency 1, 64 -PromptTokens 16 -OutputTokens 4 -Request 2 | Select-Object -First 1
        $first.Concurrency | Should -Be 1
    }

    It 'measures by name, by address, and what came out of a job' {
        Assert-Engine
        $small = @{ PromptTokens = 16; OutputTokens = 4; Request = 1; Warmup = 0; WarningAction = 'SilentlyContinue' }
        (Measure-LlmThroughput meas* @small).Requests | Should -Be 1
        (Measure-LlmThroughput -Uri $Server.Endpoint @small).OutputTokens | Should -Be 4
        (Copy-ThroughSerialisation $Server | Measure-LlmThroughput @small).ServerName | Should -Be 'measured'
    }

    It 'says in one line that nothing answers there' {
        { Measure-LlmThroughput -Uri "http://127.0.0.1:$(Get-FreePort)" -Request 1 -ErrorAction Stop } |
            Should -Throw -ErrorId '*,LlmOps.Commands.MeasureLlmThroughputCommand'
        $Error[0].Exception.Message | Should -Not -Match "`n"
    }

    It 'says what each figure means, by the name that results have' {
        $definitions = Measure-LlmThroughput -Definition
        $ttft = $definitions | Where-Object Name -EQ TTFT
        $ttft.Matches | Should -Match 'AIPerf'
        $ttft.Field | Should -Be 'ttftSeconds'
        $definitions.Meaning -match 'self-check found' | Should -HaveCount 1
    }

    It 'warns that a self-check has loads of its own' {
        { Measure-LlmThroughput -SelfCheck -Concurrency 4 -WarningAction Stop } | Should -Throw '*-Concurrency changes nothing*'
    }

    It 'shows a table with units' {
        Assert-Engine
        $text = $Results | Out-String -Width 160
        $text | Should -Match 'Server\s+Load\s+Reqs\s+Failed\s+Out tok/s'
        $text | Should -Match 'measured\s+1\s+4\s+0\s+[\d.]+\s+[\d.]+\s+[\d.]+ m?s'
    }

    It 'sends requests at a rate and says which met the objectives' {
        Assert-Engine
        $result = $Server | Measure-LlmThroughput -Rate 50 -Arrival Constant -Request 5 -PromptTokens 64 -OutputTokens 4 -Slo @{ Ttft = 60; E2e = [timespan]'0:1:0' }
        $result.RequestRate | Should -Be 50
        $result.Arrival | Should -Be 'Constant'
        $result.MeetsSlo | Should -BeTrue
        $result.GoodputRequestsPerSecond | Should -Be $result.RequestsPerSecond
        $result.PromptTokens | Should -Be 320
        $result.Samples.Count | Should -Be 5
        ($result.Samples | Sort-Object DueSeconds)[1].DueSeconds | Should -BeGreaterThan 0.0199
    }

    It 'searches, and marks what it found' {
        Assert-Engine
        $results = $Server | Measure-LlmThroughput -Search Slo -SearchLimit 2 -Slo @{ E2e = 60 } -Request 2 -PromptTokens 16 -OutputTokens 4 -WarningAction SilentlyContinue
        $results.Concurrency | Should -Be 1, 2
        $results[1].Verdict | Should -Be 'HighestWithinSlo'
    }

    It 'asks for plain completions, conversations and prompts of a file' {
        Assert-Engine
        $few = @{ OutputTokens = 4; Request = 2; Warmup = 0; WarningAction = 'SilentlyContinue' }
        $plain = $Server | Measure-LlmThroughput -Api Completions -PromptTokens 16 @few
        $plain.Errors | Should -Be 0
        $plain.PromptTokens | Should -Be 32
        ($Server | Measure-LlmThroughput -Turn 2 -PromptTokens 16 @few).Samples.Turn | Should -Be 1, 2
        Set-Content ./prompts.jsonl '{"prompt":"one"}', 'two'
        ($Server | Measure-LlmThroughput -PromptFile ./prompts.jsonl @few).PromptKind | Should -Be '2 prompts of prompts.jsonl'
    }

    It 'refuses <Text>' -ForEach @(
        @{ Slo = @{ Speed = 1 }; Text = "no objective 'Speed'" }
        @{ Slo = @{ Ttft = 'soon' }; Text = "Ttft is 'soon'" }
    ) {
        { Measure-LlmThroughput -Uri http://127.0.0.1:1 -Slo $Slo -ErrorAction Stop } | Should -Throw -ExpectedMessage "*$Text*" -ErrorId 'SloNotUsable,*'
    }

    It 'is the end of the whole pipeline' {
        Assert-Engine
        $result = Get-GpuTopology | New-LlmServerConfig -Model $Model -Name whole -Port (Get-FreePort) | Start-LlmServer |
            Measure-LlmThroughput -PromptTokens 16 -OutputTokens 4 -Request 2
        $result.ServerName | Should -Be 'whole'
        $result.Errors | Should -Be 0
        Get-LlmServer | Stop-LlmServer
        (Get-LlmServer).State | Sort-Object -Unique | Should -Be 'Stopped'
    }
}

Describe 'Export-LlmReport' {
    It 'writes <Ending> by the file''s ending' -ForEach @(
        @{ Ending = 'md'; Pattern = '(?m)^\| 1 stream \| 4 \|' }
        @{ Ending = 'json'; Pattern = '"concurrency": ?1' }
        @{ Ending = 'csv'; Pattern = '(?im)^.*concurrency.*,' }
    ) {
        Assert-Engine
        $file = $Results | Export-LlmReport "./report.$Ending" -PassThru
        $file.FullName | Should -Be (Join-Path $Sandbox "report.$Ending")
        Get-Content $file -Raw | Should -Match $Pattern
        [System.IO.File]::ReadAllBytes($file)[0] | Should -Not -Be 0xEF
    }

    It 'gives text without a path' {
        Assert-Engine
        ($Results | Export-LlmReport -As Json | ConvertFrom-Json).concurrency | Should -Be 1, 2
        $Results | Export-LlmReport -Title 'My machine' | Should -Match '(?m)^# .*My machine'
    }

    It 'takes results that came out of a job' {
        Assert-Engine
        $copies = $Results | ForEach-Object { Copy-ThroughSerialisation $_ }
        ($copies | Export-LlmReport -As Json) | Should -Be ($Results | Export-LlmReport -As Json)
    }

    It 'writes nothing with -WhatIf, and replaces nothing with -NoClobber' {
        Assert-Engine
        $Results | Export-LlmReport ./never.md -WhatIf
        './never.md' | Should -Not -Exist
        Set-Content ./mine.md 'mine'
        { $Results | Export-LlmReport ./mine.md -NoClobber -ErrorAction Stop } | Should -Throw -ErrorId 'FileExists,LlmOps.Commands.ExportLlmReportCommand'
    }

    It 'measures itself: every token of an exact schedule is counted, at both loads' {
        $checks = Measure-LlmThroughput -SelfCheck
        $checks.Streams | Should -Be 200, 1000
        $checks.Errors | Should -Be 0, 0
        $checks.ClientOutputTokens | Should -Be 60000, 120000
        $checks.ServerOutputTokens | Should -Be 60000, 120000
    }
}
