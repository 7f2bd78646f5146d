BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Folder = Join-Path $Sandbox 'Tiny-1.5B'
    New-Item -ItemType Directory $Folder | Out-Null
    @'
{ "model_type": "llama", "dtype": "bfloat16", "num_hidden_layers": 1, "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 64,
  "intermediate_size": 1024, "vocab_size": 1000, "max_position_embeddings": 8192 }
'@ | Set-Content (Join-Path $Folder 'config.json')
    $header = [Text.Encoding]::UTF8.GetBytes('{"model.embed_tokens.weight":{"dtype":"BF16","shape":[1000,512],"data_offsets":[0,1024000]}}')
    $bytes = [byte[]]::new(8 + $header.Length + 1024000)
    [BitConverter]::GetBytes([uint64]$header.Length).CopyTo($bytes, 0)
    $header.CopyTo($bytes, 8)
    [IO.File]::WriteAllBytes((Join-Path $Folder 'model.safetensors'), $bytes)
}

AfterAll { Exit-Sandbox }

Describe 'New-LlmServerConfig for vLLM' {
    It 'takes vLLM for a folder, and explains each value' {
        $config = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Folder
        $config.Engine | Should -Be 'vllm'
        $config.Alias | Should -Be 'Tiny-1.5B'
        $config.Plan.Pool.Tokens | Should -BeGreaterThan 8192
        $config.Decisions | Where-Object { -not $_.Reason } | Should -BeNullOrEmpty
        ($config.Decisions | Where-Object Option -EQ 'gpuMemoryUtilization').Reason | Should -Match 'stay outside'
    }

    It 'refuses llama.cpp for a folder' {
        { Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Folder -Engine llama.cpp -ErrorAction Stop } | Should -Throw -ErrorId 'EngineModelMismatch*'
    }

    It 'keeps a pin and refuses an impossible one' {
        $config = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Folder -Option @{ 'max-num-seqs' = 7 }
        ($config.Decisions | Where-Object Option -EQ 'parallel').Value | Should -Be '7'
        { Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Folder -Option @{ 'max-num-seq' = 7 } -ErrorAction Stop } | Should -Throw '*did you mean max-num-seqs*'
    }

    It 'takes the plugin''s launcher where it is asked for' {
        $config = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Folder -Launcher caovan-vllm-serve -Mode Stable
        $config.EnginePath | Should -Be 'caovan-vllm-serve'
        ($config.Decisions | Where-Object Option -EQ 'gpuMemoryUtilization').Value | Should -Be 'left to the plugin'
    }
}
