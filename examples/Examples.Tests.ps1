# The quickstart, the three machines and their scripts do what they say.
BeforeAll {
    . $PSScriptRoot/../tests/Pester/common.ps1
    Enter-Sandbox
}

AfterAll { Exit-Sandbox }

Describe 'quickstart.ps1' {
    It 'plans, starts, measures and stops' {
        Assert-Engine
        $results = & $PSScriptRoot/quickstart.ps1 (Get-TestModel) -Port (Get-FreePort) 6>$null
        $results.Concurrency | Should -Be 1, 2
        $results.Errors | Should -Be 0, 0
        (Get-LlmServer quickstart).State | Should -Be 'Stopped'
    }
}

Describe 'The configuration <_>' -ForEach 'qwen3.5-122b', 'qwen3.6-27b', 'qwq-32b' {
    BeforeAll {
        $Config = Import-LlmServerConfig (Join-Path $PSScriptRoot configs "$_.yaml")
    }

    It 'is read, has no problems, and comes out as every form that can hold it' {
        $Config.Problems | Should -BeNullOrEmpty
        $forms = 'Yaml', 'Bash', 'PowerShell', 'DockerRun', 'Compose', 'Systemd', 'Kubernetes', 'LlamaSwap'
        $forms += $Config.Engine -eq 'llama.cpp' ? 'PresetIni' : @()
        foreach ($form in $forms) {
            $Config | Export-LlmServerConfig -As $form | Should -Match ([regex]::Escape((Split-Path -Leaf $Config.Model)))
        }
    }

    It 'is reached by this machine alone, for it names no key' {
        $Config.Endpoint.IsLoopback | Should -BeTrue
    }
}

Describe 'The scripts of the three machines' {
    It 'QwQ-32B.ps1 plans what its configuration has' {
        $config = & $PSScriptRoot/scripts/QwQ-32B.ps1 (New-HeaderOnlyModel 'Qwen_QwQ-32B-IQ4_XS') -Topology $PSScriptRoot/machines/one-3090.json
        $kept = Import-LlmServerConfig $PSScriptRoot/configs/qwq-32b.yaml
        $config.Problems | Should -BeNullOrEmpty
        foreach ($option in 'gpuLayers', 'parallel', 'kvCacheTypeK', 'flashAttention') {
            $config.Options[$option] | Should -Be $kept.Options[$option]
        }
    }

    It 'Qwen3.5-122B.ps1 makes a template that takes OpenClaw''s role, and runs in docker on the two large cards' {
        $model = New-HeaderOnlyModel 'Qwen3.5-122B-A10B-UD-Q2_K_XL'
        $config = & $PSScriptRoot/scripts/Qwen3.5-122B.ps1 $model -Topology $PSScriptRoot/machines/five-cards-dual-xeon.json
        $config.Problems | Should -BeNullOrEmpty
        $config.Runtime | Should -Be 'docker'
        $config.Devices.Index | Should -Be 1, 2
        (Test-LlmChatTemplate -Path $config.Options['chatTemplateFile'] | Where-Object Role -EQ developer).Status | Should -Be 'Accepted'
        $config | Export-LlmServerConfig -As DockerRun | Should -Match '--chat-template-file /llmops/'
        $config | Export-LlmClientConfig -Client OpenClaw | Should -Match '"primary": "qwen3.5-122b/'
    }

    It 'Qwen3.6-27B.ps1 starts the plugin''s launcher with one sequence and a cache of fp8' {
        $folder = Join-Path $Sandbox 'Tiny-AWQ'
        $null = New-Item -ItemType Directory $folder
        '{ "model_type": "llama", "dtype": "float16", "num_hidden_layers": 2, "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 64, "intermediate_size": 1024, "vocab_size": 1000, "max_position_embeddings": 8192 }' | Set-Content $folder/config.json
        $header = [Text.Encoding]::UTF8.GetBytes('{"model.embed_tokens.weight":{"dtype":"F16","shape":[1000,512],"data_offsets":[0,1024000]}}')
        [System.IO.File]::WriteAllBytes("$folder/model.safetensors", [BitConverter]::GetBytes([uint64] $header.Length) + $header + [byte[]]::new(1024000))
        $config = & $PSScriptRoot/scripts/Qwen3.6-27B.ps1 $folder -Topology $PSScriptRoot/machines/two-2080ti-nvlink.json
        $config.EnginePath | Should -Be 'caovan-vllm-serve'
        $script = $config | Export-LlmServerConfig -As Bash
        $script | Should -Match '--max-num-seqs 1'
        $script | Should -Match '--kv-cache-dtype fp8'
    }
}
