BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    Copy-Item $TwoGpus ./topology.json
    Set-Content ./a.yaml ''
    Set-Content ./model.gguf ''
    Set-Content ./chat.jinja ''
    Set-Content ./server.log ''
    Set-Content ./report.html ''
    Set-Content ./other.bin ''
}

AfterAll { Exit-Sandbox }

Describe 'Tab' {
    It 'offers words that are known: <Line>' -ForEach @(
        @{ Line = 'Get-GpuTopology -Source Nv'; Expected = 'Nvml', 'NvidiaSmi' }
        @{ Line = 'Get-GpuTopology -ComputeCapability 8.'; Expected = '8.0', '8.6', '8.9' }
        @{ Line = 'New-LlmServerConfig -HostName 0'; Expected = @('0.0.0.0') }
        @{ Line = 'New-LlmServerConfig -Engine v'; Expected = @('vllm') }
        @{ Line = 'New-LlmServerConfig -Runtime d'; Expected = @('docker') }
        @{ Line = 'New-LlmServerConfig -Restart On'; Expected = @('OnFailure') }
        @{ Line = 'New-LlmServerConfig -KvCacheType q8'; Expected = @('q8_0') }
        @{ Line = 'Measure-LlmThroughput chat -Slo T'; Expected = 'Ttft=', 'Tpot=' }
        @{ Line = 'Measure-LlmThroughput chat -Arrival P'; Expected = @('Poisson') }
        @{ Line = 'Measure-LlmThroughput chat -RankBy T'; Expected = 'Ttft', 'Tpot' }
        @{ Line = 'Test-LlmEnvironment -Category Mo'; Expected = @('Model') }
        @{ Line = 'Test-LlmEnvironment -Id gpu.pres'; Expected = @('gpu.present') }
        @{ Line = 'New-LlmChatTemplate -AllowRole dev'; Expected = @('developer') }
        @{ Line = 'Wait-LlmServer -State R'; Expected = @('Ready') }
        @{ Line = 'Export-LlmReport -As H'; Expected = @('Html') }
    ) {
        $offered = (Get-Completion $Line).ListItemText.Trim("'")
        foreach ($word in $Expected) {
            $offered | Should -Contain $word
        }
    }

    It 'offers only files that will do: <Line>' -ForEach @(
        @{ Line = 'Get-GpuTopology -Path ./'; Expected = 'topology.json' }
        @{ Line = 'New-LlmServerConfig -Topology ./'; Expected = 'topology.json' }
        @{ Line = 'Test-LlmEnvironment -Topology ./'; Expected = 'topology.json' }
        @{ Line = 'New-LlmServerConfig -Model ./'; Expected = 'model.gguf' }
        @{ Line = 'Get-LlmModel ./'; Expected = 'model.gguf' }
        @{ Line = 'New-LlmServerConfig -ChatTemplate ./'; Expected = 'chat.jinja' }
        @{ Line = 'Start-LlmServer ./'; Expected = 'a.yaml' }
        @{ Line = 'Test-LlmServerConfig ./'; Expected = 'a.yaml' }
        @{ Line = 'Import-LlmServerConfig ./'; Expected = 'a.yaml' }
        @{ Line = 'Resolve-LlmServerFault -Path ./'; Expected = 'server.log' }
        @{ Line = 'Compare-LlmThroughput ./'; Expected = 'topology.json' }
    ) {
        $files = (Get-Completion $Line).Where{ $_.ResultType -ne 'ProviderContainer' }.ListItemText
        $files | Should -Be $Expected
    }

    It 'offers the GPUs of the topology that is named' {
        (Get-Completion 'Get-GpuTopology -Path ./topology.json -Name NV').CompletionText |
            Should -Be "'NVIDIA GeForce RTX 4080 SUPER'", "'NVIDIA GeForce RTX 2080 Ti'"
    }

    It 'offers the engine''s own flags with its help, then their values' {
        Assert-Engine
        $names = Get-Completion 'New-LlmServerConfig -Option cache-type-'
        $names.CompletionText | Should -Contain 'cache-type-k='
        $names.Where{ $_.CompletionText -eq 'cache-type-k=' }.ToolTip | Should -Match 'KV cache'
        (Get-Completion 'New-LlmServerConfig -Option ctx-size=4096, cache-type-k=q8').CompletionText | Should -Contain 'cache-type-k=q8_0'
        (Get-Completion 'Measure-LlmThroughput chat -Option ubatch').CompletionText | Should -Be 'ubatch-size='
        $argument = Get-Completion 'New-LlmServerConfig -ExtraArgument --flash'
        $argument.ListItemText | Should -Contain '--flash-attn'
        $argument[0].ToolTip | Should -Match 'Flash Attention'
    }

    It 'offers the engines that are there' {
        Assert-Engine
        (Get-Completion 'New-LlmServerConfig -EnginePath ').CompletionText[0] | Should -Be $env:LLMOPS_TEST_ENGINE
        (Get-Completion 'Get-LlmEngine ').CompletionText[0] | Should -Be $env:LLMOPS_TEST_ENGINE
    }
}

Describe 'Words for objects' {
    BeforeAll { $Model = Get-TestModel }

    It 'sizes have units: <Size>' -ForEach @(@{ Size = '24GB' }, @{ Size = '24 GiB' }, @{ Size = '25769803776' }, @{ Size = 24GB }) {
        (Get-GpuTopology -Path $TwoGpus -MinimumMemory $Size).Gpus.Name | Should -Be 'NVIDIA GeForce RTX 4080 SUPER'
    }

    It 'a size that is none is named' {
        { Get-GpuTopology -Path $TwoGpus -MinimumMemory 'plenty' } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,LlmOps.Commands.GetGpuTopologyCommand' -ExpectedMessage "*'plenty' is no size*"
    }

    It 'a topology is its file' {
        (New-LlmServerConfig $Model -Topology ./topology.json).Plan.Host.TotalBytes | Should -Be 137438953472
        (New-LlmServerConfig $Model -Topology (Get-Item ./topology.json)).Plan.Host.TotalBytes | Should -Be 137438953472
        (Test-LlmEnvironment -Topology ./topology.json -Id gpu.present).Status | Should -Be 'Pass'
        { New-LlmServerConfig $Model -Topology ./none.json } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' -ExpectedMessage '*none.json*'
    }

    It 'a configuration is its file' {
        New-LlmServerConfig $Model -Topology ./topology.json -Name filed | Export-LlmServerConfig ./filed.yaml
        (Test-LlmServerConfig ./filed.yaml).Id | Should -Contain 'model.fits'
        ('./filed.yaml' | Test-LlmServerConfig).Id | Should -Contain 'model.fits'
        Export-LlmServerConfig -InputObject ./filed.yaml | Should -Match 'name: filed'
        { Test-LlmServerConfig ./none.yaml } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' -ExpectedMessage '*none.yaml*'
    }

    It 'a model is what was said of it, or its file' {
        (Get-LlmModel $Model | New-LlmServerConfig -Topology ./topology.json).Model | Should -Be $Model
        (Get-Item $Model | New-LlmServerConfig -Topology ./topology.json).Model | Should -Be $Model
        (New-LlmServerConfig -Model (Get-LlmModel $Model) -Topology ./topology.json).Model | Should -Be $Model
    }

    It 'options are words or a table' {
        $config = New-LlmServerConfig $Model -Topology ./topology.json -Option ctx-size=2048, tensor-split=2,1, mlock=true
        $config.Options['contextLength'] | Should -Be 2048
        $config.Options['tensorSplit'] | Should -Be 2, 1
        $config.Options['memoryLock'] | Should -BeTrue
        { New-LlmServerConfig $Model -Topology ./topology.json -Option ctx-size } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' -ExpectedMessage '*ctx-size*NAME=VALUE*'
        { New-LlmServerConfig $Model -Topology ./topology.json -Option ctx-size=1, ctx-size=2 } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' -ExpectedMessage '*ctx-size*twice*'
    }
}
