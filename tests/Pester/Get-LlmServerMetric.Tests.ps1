BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Model = Get-TestModel
    if ($env:LLMOPS_TEST_ENGINE) {
        $Server = New-LlmServerConfig -Model $Model -Name told -ContextLength 1024 -Parallel 2 -Port (Get-FreePort) | Start-LlmServer
        $Results = $Server | Measure-LlmThroughput -Concurrency 1, 2 -PromptTokens 32 -OutputTokens 32 -Request 8 -WarningAction SilentlyContinue
    }
}

AfterAll { Exit-Sandbox }

Describe 'Get-LlmServerMetric' {
    It 'tells the figures of a server, by name, object and address' {
        Assert-Engine
        $metric = $Server | Get-LlmServerMetric -IntervalSec 0.1
        $metric.PSTypeNames[0] | Should -Be 'LlmOps.Benchmarking.Metrics.ServerMetric'
        $metric.Engine | Should -Be 'llama.cpp'
        $metric.RequestsRunning | Should -Be 0
        $metric.Slots.Count | Should -Be 2
        $metric.Slots[0].ContextLength | Should -BeGreaterThan 0
        $metric.OutputTokens | Should -BeGreaterThan 127
        (Get-LlmServerMetric tol* -IntervalSec 0.1).ServerName | Should -Be 'told'
        (Get-LlmServerMetric -Uri $Server.Endpoint -IntervalSec 0.1).SlotCount | Should -Be 2
    }

    It 'looks again and again' {
        Assert-Engine
        @($Server | Get-LlmServerMetric -IntervalSec 0.1 -Count 3).Count | Should -Be 3
        ($Server | Get-LlmServerMetric -IntervalSec 0.1 -Watch | Select-Object -First 1).ServerName | Should -Be 'told'
    }

    It 'shows a table' {
        Assert-Engine
        Get-LlmServerMetric told -IntervalSec 0.1 | Out-String -Width 120 | Should -Match 'told\s+llama\.cpp\s+0\s+0'
    }

    It 'says in one line that nothing answers there' {
        { Get-LlmServerMetric -Uri "http://127.0.0.1:$(Get-FreePort)" -ErrorAction Stop } | Should -Throw -ErrorId 'ServerNotReachable,*'
    }
}

Describe 'Measure-LlmThroughput beside the server' {
    It 'has what the server, the machine and the plan say' {
        Assert-Engine
        $Results[0].Observation.Server.OutputTokens | Should -Be 256
        $Results[0].Observation.HostProcessors | Should -BeGreaterThan 0
        $Results[0].Judgement.Summary | Should -Match 'tok/s decoded'
        $Results[0].Samples.Count | Should -Be 8
        $Results[0].Environment.ServerCommand | Should -Match 'llama-server'
    }

    It 'tries option values, ranks them, and gives the server back as it was' {
        Assert-Engine
        $before = Get-Content $Server.ConfigPath -Raw
        $points = $Server | Measure-LlmThroughput -Option @{ 'ubatch-size' = 32, 64 } -PromptTokens 32 -OutputTokens 8 -Request 6 -Warmup 0 -WarningAction SilentlyContinue
        $points.Problem | Where-Object { $_ } | Should -BeNullOrEmpty
        $points.Place | Should -Be 1, 2
        $points.Options.ForEach{ $_['ubatch-size'] } | Sort-Object | Should -Be '32', '64'
        $points | Out-String -Width 140 | Should -Match '1\s+ubatch-size=\d+'
        ($points | Export-LlmReport -As Html) | Should -Match 'ubatch-size=64'
        Get-Content (Get-LlmServer told).ConfigPath -Raw | Should -Be $before
        (Get-LlmServer told).State | Should -Be 'Ready'
    }

    It 'refuses a sweep that is too large, before anything is stopped' {
        Assert-Engine
        { Measure-LlmThroughput told -Option @{ 'ubatch-size' = 1..40 } -ErrorAction Stop } | Should -Throw -ErrorId 'SweepTooLarge,*'
        (Get-LlmServer told).State | Should -Be 'Ready'
    }
}

Describe 'Compare-LlmThroughput' {
    It 'compares with objects and with a file, and says when no difference is visible' {
        Assert-Engine
        $same = $Results | Compare-LlmThroughput -Baseline $Results
        $same.Count | Should -Be 8
        $same.Verdict | Sort-Object -Unique | Should -Be 'NoDifferenceVisible'
        $Results | Export-LlmReport ./baseline.json
        ($Results | Compare-LlmThroughput ./baseline.json)[0].Summary | Should -Match 'no difference visible'
        $same | Out-String -Width 160 | Should -Match 'OutputTokensPerSecond\s+[\d.]+'
    }

    It 'names a file that holds something else' {
        Assert-Engine
        Set-Content ./other.json '{}'
        { $Results | Compare-LlmThroughput ./other.json -ErrorAction Stop } | Should -Throw -ErrorId 'ResultsInvalid,*'
    }
}

Describe 'Export-LlmReport' {
    It 'writes one page that asks for nothing from a network' {
        Assert-Engine
        $page = $Results | Export-LlmReport -As Html
        $page | Should -Match '^<!doctype html>'
        $page | Should -Not -Match '<script|\bsrc=|@import'
        $Results | Export-LlmReport ./page.html
        Get-Content ./page.html -Raw | Should -Be $page
    }

    It 'writes a line for each request' {
        Assert-Engine
        ($Results | Export-LlmReport -As RequestCsv | ConvertFrom-Csv).Count | Should -Be 16
    }
}
