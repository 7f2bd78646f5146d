BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Folder = Join-Path $Sandbox 'Tiny-1.5B'
    New-Item -ItemType Directory $Folder | Out-Null
    @'
{ "model_type": "llama", "dtype": "bfloat16", "num_hidden_layers": 2, "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 64,
  "intermediate_size": 1024, "vocab_size": 1000, "max_position_embeddings": 8192 }
'@ | Set-Content (Join-Path $Folder 'config.json')
    $header = [Text.Encoding]::UTF8.GetBytes('{"model.embed_tokens.weight":{"dtype":"BF16","shape":[1000,512],"data_offsets":[0,1024000]},"model.layers.0.self_attn.q_proj.weight":{"dtype":"BF16","shape":[512,512],"data_offsets":[1024000,1548288]}}')
    $bytes = [byte[]]::new(8 + $header.Length + 1548288)
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

Describe 'A server of vLLM, whose place a stand-in takes' {
    BeforeAll {
        $StandIn = 'debug', 'release' | ForEach-Object { Join-Path $Repository "artifacts/bin/LlmOps.StandIn.Vllm/$_/vllm-stand-in.dll" } | Where-Object { Test-Path $_ } | Select-Object -First 1
        $OriginalPath = $env:PATH
        if ($StandIn) {
            $dotnet = Join-Path (Split-Path ([Runtime.InteropServices.RuntimeEnvironment]::GetRuntimeDirectory())) '../../dotnet'
            $dotnet = (Test-Path $dotnet) ? $dotnet : (Get-Command dotnet).Source
            & $dotnet exec $StandIn install (Join-Path $Sandbox 'env')
            $env:PATH = "$(Join-Path $Sandbox 'env/bin'):$env:PATH"
        }

        function New-TestConfig([string] $Name, [hashtable] $Option = @{}, [hashtable] $More = @{}) {
            if (-not $StandIn) { Set-ItResult -Skipped -Because 'the stand-in is not built (dotnet build tests/StandIns/vllm)' }
            Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Folder -Name $Name -Port (Get-FreePort) -Option $Option @More
        }
    }

    AfterEach { $env:VLLM_STAND_IN_FAIL = $env:VLLM_STAND_IN_GPU_GIB = $null }

    AfterAll { $env:PATH = $OriginalPath }

    It 'is started, tells its figures, is measured and stopped along the pipeline' {
        $key = Join-Path $Sandbox 'key'
        Set-Content -LiteralPath $key -Value 'a-key-for-vllm'
        chmod 600 $key
        $env:VLLM_STAND_IN_GPU_GIB = 32
        $config = New-TestConfig 'v' @{ 'speculative-config' = '{"method":"ngram","num_speculative_tokens":3}' } @{ ApiKeyFile = $key }
        $server = $config | Start-LlmServer

        $server.State | Should -Be 'Ready'
        $server.Figures.Version | Should -Be '0.21.0'
        $server.Figures.KvCacheTokens | Should -BeGreaterThan 8192
        $server.Figures.MaxConcurrency | Should -BeGreaterThan 1
        $server.PlanAccuracy.Device | Should -Be 'CUDA0'
        $server | Format-List | Out-String -Width 200 | Should -Match 'KvCache\s+: [\d,]+ tokens, [\d.]+ requests of 8,192'

        $point = $server | Measure-LlmThroughput -Concurrency 2 -PromptTokens 64 -OutputTokens 32 -Request 6
        $point.Errors | Should -Be 0
        $point.Observation.Server.OutputTokens | Should -Be 192
        $point.Observation.Server.AcceptanceLength | Should -BeGreaterThan 3
        $metric = $server | Get-LlmServerMetric
        $metric.Engine | Should -Be 'vllm'
        $metric.OutputTokens | Should -BeGreaterOrEqual 192
        (Get-Content "/proc/$($server.Pid)/cmdline" -Raw) | Should -Not -Match 'a-key'
        ($server | Stop-LlmServer).ExitCode | Should -Be 0
    }

    It 'tries values of its options, gives it back, and refuses what it does not know before it is stopped' {
        $server = New-TestConfig 'swept' | Start-LlmServer
        { $server | Measure-LlmThroughput -Option @{ 'no-such-option' = 1 } -ErrorAction Stop } | Should -Throw -ErrorId 'EngineFlagUnknown,*'
        (Get-LlmServer swept).Pid | Should -Be $server.Pid

        $points = $server | Measure-LlmThroughput -Concurrency 2 -Option @{ 'max-num-seqs' = 1, 2 } -PromptTokens 32 -OutputTokens 8 -Request 4 -Warmup 0 -WarningAction SilentlyContinue
        @($points.Problem -ne $null) -join "`n" | Should -BeNullOrEmpty
        $points.Options.ForEach{ $_['max-num-seqs'] } | Sort-Object | Should -Be '1', '2'
        $points.Results.Errors | Should -Be 0, 0
        ($points | Where-Object { $_.Options['max-num-seqs'] -eq '2' }).Results[0].Environment.ServerCommand | Should -Match '--max-num-seqs 2'
        (Get-LlmServer swept).State | Should -Be 'Ready'
        (Get-LlmServer swept | Stop-LlmServer).State | Should -Be 'Stopped'
    }

    It 'says why a start failed, by name and with what to do' {
        $config = New-TestConfig 'broken'
        $env:VLLM_STAND_IN_FAIL = 'oom-load'
        { $config | Start-LlmServer -ErrorAction Stop } | Should -Throw -ErrorId 'ServerFailed*'
        (Get-LlmServer broken).FaultId | Should -Be 'vllm.torch-memory'
        @(Resolve-LlmServerFault broken)[0].Id | Should -Be 'vllm.torch-memory'
    }
}

Describe 'New-LlmServerConfig for several machines' {
    BeforeAll {
        $Hosts = foreach ($name in 'alpha', 'beta') {
            $file = Join-Path $Sandbox "$name.json"
            @"
{ "source": "nvml", "host": { "name": "$name", "cpu": { "physicalCores": 16 }, "memory": { "totalBytes": 137438953472, "availableBytes": 130000000000 } },
  "gpus": [ { "index": 0, "cudaIndex": 0, "uuid": "GPU-$name-0", "vendor": "nvidia", "name": "NVIDIA GeForce RTX 3090", "computeCapability": "8.6", "memoryTotalBytes": 25769803776 } ], "links": [] }
"@ | Set-Content $file
            $file
        }
    }

    It 'makes one plan of what is piped in with -Cluster, one each without' {
        @(Get-GpuTopology -Path $Hosts | New-LlmServerConfig -Model $Folder).Count | Should -Be 2
        $config = Get-GpuTopology -Path $Hosts | New-LlmServerConfig -Model $Folder -Cluster Auto -Address 10.0.0.1, 10.0.0.2
        @($config).Count | Should -Be 1
        $config.Cluster.Form | Should -Be 'native'
        $config.Cluster.Hosts.Name | Should -Be 'alpha', 'beta'
        $config.Cluster.Hosts[1].Address | Should -Be '10.0.0.2'
        ($config.Decisions | Where-Object Option -EQ 'pipelineParallel').Value | Should -Be '2'
    }

    It 'takes the files of several machines, or their objects at once' {
        (New-LlmServerConfig -Model $Folder -TopologyPath $Hosts -Cluster ray).Cluster.Form | Should -Be 'ray'
        (New-LlmServerConfig -Model $Folder -Topology (Get-GpuTopology -Path $Hosts)).Cluster.Hosts.Count | Should -Be 2
    }

    It 'gives the commands of all machines, or the manifest' {
        $script = New-LlmServerConfig -Model $Folder -TopologyPath $Hosts | Export-LlmServerConfig -As Bash
        $script | Should -Match '--node-rank 1'
        $script | Should -Match '--headless'
        New-LlmServerConfig -Model $Folder -TopologyPath $Hosts -Cluster kubernetes | Export-LlmServerConfig -As Kubernetes | Should -Match 'kind: LeaderWorkerSet'
    }

    It 'refuses the same machine twice, and one alone' {
        { New-LlmServerConfig -Model $Folder -TopologyPath $Hosts[0], $Hosts[0] -ErrorAction Stop } | Should -Throw -ErrorId 'HostGivenTwice*'
        { Get-GpuTopology -Path $Hosts[0] | New-LlmServerConfig -Model $Folder -Cluster ray -ErrorAction Stop } | Should -Throw -ErrorId 'OneMachine*'
    }
}
