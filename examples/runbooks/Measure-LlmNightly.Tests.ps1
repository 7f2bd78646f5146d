BeforeAll {
    . $PSScriptRoot/../../tests/Pester/common.ps1
    Enter-Sandbox
    $Folder = Join-Path $Sandbox 'nightly'
    $Load = @{ Folder = $Folder; Concurrency = 1; Request = 20; PromptTokens = 16; OutputTokens = 16 }
    if ($env:LLMOPS_TEST_ENGINE) {
        $null = New-LlmServerConfig -Model (Get-TestModel) -Name nightly -Port (Get-FreePort) -ContextLength 1024 -Parallel 1 | Start-LlmServer
    }
}

AfterAll { Exit-Sandbox }

Describe 'Measure-LlmNightly.ps1' {
    It 'makes a baseline first' {
        Assert-Engine
        & $PSScriptRoot/Measure-LlmNightly.ps1 nightly @Load | Should -BeNullOrEmpty
        Join-Path $Folder nightly.baseline.json | Should -Exist
    }

    It 'compares with it later, and leaves a page' {
        Assert-Engine
        $differences = & $PSScriptRoot/Measure-LlmNightly.ps1 night* @Load -ToleratePercent 1000
        $differences.Figure | Should -Not -BeNullOrEmpty
        Join-Path $Folder nightly.html | Should -FileContentMatch '<html'
    }

    It 'raises the alarm when it is visibly slower than the baseline' {
        Assert-Engine

        # The baseline of a machine a hundred times as fast: what this one measures is visibly slower.
        $baseline = Join-Path $Folder nightly.baseline.json
        $results = Get-Content -Raw $baseline | ConvertFrom-Json -Depth 30
        $results[0].outputTokensPerSecond *= 100
        foreach ($figure in 'ttftSeconds', 'tpotSeconds', 'e2eSeconds') {
            foreach ($statistic in $results[0].$figure.psobject.Properties | Where-Object Value -Is [double]) { $statistic.Value /= 100 }
            foreach ($sample in $results[0].samples | Where-Object $figure) { $sample.$figure /= 100 }
        }

        foreach ($sample in $results[0].samples) { $sample.endedSeconds = $sample.dueSeconds + ($sample.endedSeconds - $sample.dueSeconds) / 100 }
        ConvertTo-Json @($results) -Depth 30 | Set-Content $baseline

        { & $PSScriptRoot/Measure-LlmNightly.ps1 nightly @Load } | Should -Throw 'nightly: *end-to-end*'
    }

    It 'says which server does not run' {
        Assert-Engine
        $null = Stop-LlmServer nightly
        { & $PSScriptRoot/Measure-LlmNightly.ps1 nightly @Load } | Should -Throw 'nightly is Stopped*'
    }
}
