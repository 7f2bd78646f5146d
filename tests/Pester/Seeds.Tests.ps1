# What people found by hand on their machines, New-LlmServerConfig finds by itself.
BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox

    # The machine of a saved topology, started by somebody who may lock what he likes.
    function Get-SeedMachine([string] $Name) {
        $json = Get-Content -Raw (Join-Path $Repository tests LlmOps.Core.Tests Hardware Fixtures Machines "$Name.json") | ConvertFrom-Json
        $json.host.limits.memlockBytes = -1
        $path = Join-Path $Sandbox "$Name.json"
        $json | ConvertTo-Json -Depth 20 | Set-Content $path
        Get-GpuTopology -Path $path
    }

    function Get-Decision($Config, [string] $Option) { $Config.Decisions | Where-Object Option -EQ $Option }
}

AfterAll { Exit-Sandbox }

Describe 'Qwen3.5-122B-A10B UD-Q2_K_XL on two of five cards' {
    BeforeAll {
        $Config = Get-SeedMachine 'five-cards-dual-xeon' | New-LlmServerConfig -Model (New-HeaderOnlyModel 'Qwen3.5-122B-A10B-UD-Q2_K_XL') -Mode auto
    }

    It 'takes the two cards of 32 GB and says what stays unused' {
        $Config.Problems | Should -BeNullOrEmpty
        $Config.Devices.Index | Should -Be 1, 2
        (Get-Decision $Config 'unused').Value | Should -Match 'RTX 3060 0, Tesla P40 3, Tesla P40 4'
    }

    It 'has the whole context in two slots, whole layers on both cards' {
        $Config.Options['contextLength'] | Should -Be 262144
        $Config.Options['parallel'] | Should -Be 2
        $Config.Options['kvUnified'] | Should -BeTrue
        $Config.Options['splitMode'] | Should -Be 'layer'
        $Config.Options['gpuLayers'] | Should -Be 49
    }

    It 'has flash attention, and more than q8_0 for keys and values, with the reason' {
        $Config.Options['flashAttention'] | Should -Be 'on'
        $Config.Options['kvCacheTypeK'] | Should -Be 'f16'
        (Get-Decision $Config 'kvCacheTypeK').Alternatives | Should -Match '^q8_0: would save'
    }

    It 'reads the file instead of mapping it, and locks what stays in main memory' {
        $Config.Options['memoryMap'] | Should -BeFalse
        $Config.Options['memoryLock'] | Should -BeTrue
    }

    It 'expects about what was measured' {
        $Config.Prediction.DecodeTokensPerSecond | Should -BeGreaterThan 50
        $Config.Prediction.DecodeTokensPerSecond | Should -BeLessThan 90
    }
}

Describe 'QwQ-32B IQ4_XS on one RTX 3090' {
    It 'has 32768 tokens in one slot with a q8_0 cache, all layers on the card' {
        $config = Get-SeedMachine 'one-3090' | New-LlmServerConfig -Model (New-HeaderOnlyModel 'Qwen_QwQ-32B-IQ4_XS') -Mode auto
        $config.Problems | Should -BeNullOrEmpty
        $config.Options['contextLength'] | Should -Be 32768
        ($config.Decisions | Where-Object Option -EQ 'contextLength').Reason | Should -BeLike 'the longest that fits*'
        $config.Options['parallel'] | Should -Be 1
        $config.Options['kvCacheTypeK'] | Should -Be 'q8_0'
        $config.Options['kvCacheTypeV'] | Should -Be 'q8_0'
        $config.Options['flashAttention'] | Should -Be 'on'
        $config.Options['gpuLayers'] | Should -Be 65
        $config.Options['memoryLock'] | Should -BeTrue
    }
}
