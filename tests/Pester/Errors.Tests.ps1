# What can go wrong, by id: each error is one line that says what, where and what to do. What needs a running server is in the files of the servers.
BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Model = Get-TestModel
    Copy-Item $TwoGpus ./topology.json
    $Plan = @{ Model = $Model; Topology = './topology.json' }

    # A folder model of one matrix; its header, its tensors and its description may be broken.
    function New-Folder([string] $Name, [string] $Config, [string] $Header, [int] $Data = 1548288, [string] $File = 'model.safetensors') {
        $folder = (New-Item -ItemType Directory "./$Name").FullName
        $Config ??= ''
        if ($Config) { Set-Content (Join-Path $folder config.json) $Config }
        if ($Header) {
            $text = [Text.Encoding]::UTF8.GetBytes($Header)
            $bytes = [byte[]]::new(8 + $text.Length + $Data)
            [BitConverter]::GetBytes([uint64] $text.Length).CopyTo($bytes, 0)
            $text.CopyTo($bytes, 8)
            [IO.File]::WriteAllBytes((Join-Path $folder $File), $bytes)
        }

        $folder
    }

    $Description = '{ "model_type": "llama", "dtype": "bfloat16", "num_hidden_layers": 2, "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 64, "intermediate_size": 1024, "vocab_size": 1000, "max_position_embeddings": 8192 }'
    $Tensors = '{"model.embed_tokens.weight":{"dtype":"BF16","shape":[1000,512],"data_offsets":[0,1024000]},"model.layers.0.self_attn.q_proj.weight":{"dtype":"BF16","shape":[512,512],"data_offsets":[1024000,1548288]}}'
    $Folder = New-Folder good $Description $Tensors

    # Machines of one card each, with a name or without.
    function New-Machine([string] $Name, [string] $Card = 'NVIDIA GeForce RTX 3090', [string] $Vendor = 'nvidia', [switch] $Nameless, [switch] $Bare) {
        $gpus = $Bare ? '' : "{ `"index`": 0, `"cudaIndex`": 0, `"uuid`": `"GPU-$Name`", `"vendor`": `"$Vendor`", `"name`": `"$Card`", `"computeCapability`": `"8.6`", `"memoryTotalBytes`": 25769803776 }"
        $own = $Nameless ? '' : "`"name`": `"$Name`", "
        $file = "./$Name.json"
        Set-Content $file "{ `"source`": `"nvml`", `"host`": { $own`"cpu`": { `"physicalCores`": 16 }, `"memory`": { `"totalBytes`": 137438953472, `"availableBytes`": 130000000000 } }, `"gpus`": [ $gpus ], `"links`": [] }"
        $file
    }

    $Hosts = (New-Machine alpha), (New-Machine beta)
    $Odd = (New-Machine gamma), (New-Machine delta 'AMD Radeon RX 7900 XTX' -Vendor amd)
    $Nameless = (New-Machine epsilon -Nameless), (New-Machine zeta -Nameless)
    $null = New-Machine bare -Bare
    (Get-Content -Raw (New-Machine turing)) -replace '8\.6', '7.5' | Set-Content ./turing.json

    function New-Server([string] $Name, [hashtable] $With = @{}) {
        $arguments = @{ Model = $Model; Name = $Name; Port = Get-FreePort; ContextLength = 512; WarningAction = 'SilentlyContinue' }
        $With.Keys.ForEach{ $arguments[$_] = $With[$_] }
        New-LlmServerConfig @arguments
    }

    # A configuration as somebody wrote it by hand.
    function Edit-Config($Config, [string] $Pattern, [string] $Replacement) {
        $file = "./$([guid]::NewGuid()).yaml"
        $text = $Config | Export-LlmServerConfig
        $edited = $text -replace $Pattern, $Replacement
        if ($edited -eq $text) { throw "Nothing matches $Pattern in $text" }
        Set-Content $file $edited
        $file
    }

    # A program that stands in for docker, first on PATH while a script runs.
    function Invoke-WithDocker([string] $Script, [scriptblock] $Do) {
        $tools = (New-Item -ItemType Directory "./tools-$([guid]::NewGuid())").FullName
        if ($Script) {
            Set-Content "$tools/docker" "#!/bin/sh`n$Script"
            chmod +x "$tools/docker"
        }

        $env:PATH, $before = ($Script ? "$tools`:/usr/bin:/bin" : $tools), $env:PATH
        try { & $Do } finally { $env:PATH = $before }
    }

    $Bytes = [IO.File]::ReadAllBytes($Model)
}

AfterAll { Exit-Sandbox }

Describe 'An error' {
    BeforeAll {
        function Assert-Error([string] $Id, [string] $Command, [scriptblock] $Do) {
            $problem = $null
            try { $null = & $Do } catch { $problem = $_ }
            $problem | Should -Not -BeNullOrEmpty -Because "$Id was expected"
            $problem.FullyQualifiedErrorId | Should -BeExactly "$Id,LlmOps.Commands.$($Command -replace '-')Command" -Because "it says: $problem"
            "$problem" | Should -Match '^[^\r\n]{20,}$' -Because 'it is one line'
            $problem.CategoryInfo.Category | Should -Not -Be 'NotSpecified'
        }
    }

    It 'of planning: <Id> (<Case>)' -ForEach @(
        @{ Id = 'ComputeCapabilityInvalid'; Of = 'Get-GpuTopology'; Case = 'a capability in words'; Do = { Get-GpuTopology -Path ./topology.json -ComputeCapability new } }
        @{ Id = 'TopologyInvalid'; Of = 'Get-GpuTopology'; Case = 'a file that is none'; Do = { Set-Content ./no.json '{ "gpus": 5 }'; Get-GpuTopology -Path ./no.json } }
        @{ Id = 'TopologyUnreadable'; Of = 'Get-GpuTopology'; Case = 'a folder'; Do = { Get-GpuTopology -Path . } }
        @{ Id = 'GpuIndexNotFound'; Of = 'Get-GpuTopology'; Case = 'a card that is not there'; Do = { Get-GpuTopology -Path ./topology.json -Index 7 } }
        @{ Id = 'DeviceNotFound'; Of = 'New-LlmServerConfig'; Case = 'a pinned card that is not there'; Do = { New-LlmServerConfig @Plan -Option @{ device = 'CUDA9' } } }
        @{ Id = 'EngineFlagUnknown'; Of = 'New-LlmServerConfig'; Case = 'a flag of no engine'; Do = { New-LlmServerConfig @Plan -Option @{ 'ctx-sise' = 4096 } } }
        @{ Id = 'PinInvalid'; Of = 'New-LlmServerConfig'; Case = 'a value that cannot be'; Do = { New-LlmServerConfig @Plan -Option @{ 'ctx-size' = 'long' } } }
        @{ Id = 'PinConflict'; Of = 'New-LlmServerConfig'; Case = 'one thing twice'; Do = { New-LlmServerConfig @Plan -ContextLength 1024 -Option @{ 'ctx-size' = 2048 } } }
        @{ Id = 'SecretInArguments'; Of = 'New-LlmServerConfig'; Case = 'a key as a pin'; Do = { New-LlmServerConfig @Plan -Option @{ 'api-key' = 'secret' } } }
        @{ Id = 'OptionNotUsable'; Of = 'New-LlmServerConfig'; Case = 'a flag without a value'; Do = { New-LlmServerConfig @Plan -Option @{ 'ctx-size' = $null } } }
        @{ Id = 'EngineNotFound'; Of = 'New-LlmServerConfig'; Case = 'a program that is not there'; Do = { New-LlmServerConfig $Model -EnginePath ./none } }
        @{ Id = 'EngineNotStarted'; Of = 'New-LlmServerConfig'; Case = 'a program that does not start'; Do = { Set-Content ./broken '#!/no/such/shell'; chmod +x ./broken; New-LlmServerConfig $Model -EnginePath ./broken } }
        @{ Id = 'EngineNotLlamaServer'; Of = 'New-LlmServerConfig'; Case = 'another program'; Do = { New-LlmServerConfig $Model -EnginePath /usr/bin/true -Engine llama.cpp } }
        @{ Id = 'EngineModelMismatch'; Of = 'New-LlmServerConfig'; Case = 'a folder for llama.cpp'; Do = { New-LlmServerConfig $Folder -Topology ./topology.json -Engine llama.cpp } }
        @{ Id = 'EngineVersionInvalid'; Of = 'New-LlmServerConfig'; Case = 'a version in words'; Do = { New-LlmServerConfig $Folder -Topology ./topology.json -EngineVersion newest } }
        @{ Id = 'ServerNameInvalid'; Of = 'New-LlmServerConfig'; Case = 'a name with a space'; Do = { New-LlmServerConfig @Plan -Name 'my server' } }
        @{ Id = 'RuntimeMismatch'; Of = 'New-LlmServerConfig'; Case = 'an image for a process'; Do = { New-LlmServerConfig @Plan -Runtime process -Image some/image } }
        @{ Id = 'LauncherNotSupported'; Of = 'New-LlmServerConfig'; Case = 'a launcher of one machine for several'; Do = { New-LlmServerConfig $Folder -TopologyPath $Hosts -Launcher caovan-vllm-serve } }
        @{ Id = 'KvCacheTypeUnsupported'; Of = 'New-LlmServerConfig'; Case = 'a cache that vLLM cannot do'; Do = { New-LlmServerConfig $Folder -Topology ./turing.json -EngineVersion 0.24.0 -KvCacheType fp8 } }
        @{ Id = 'NoGpuForEngine'; Of = 'New-LlmServerConfig'; Case = 'vLLM without a card'; Do = { New-LlmServerConfig $Folder -Topology ./bare.json } }
        @{ Id = 'TensorParallelInvalid'; Of = 'New-LlmServerConfig'; Case = 'more parts than heads'; Do = { New-LlmServerConfig $Folder -Topology ./topology.json -Option @{ 'tensor-parallel-size' = 3 } } }
        @{ Id = 'PipelineParallelInvalid'; Of = 'New-LlmServerConfig'; Case = 'more stages than layers'; Do = { New-LlmServerConfig $Folder -TopologyPath $Hosts -Option @{ 'pipeline-parallel-size' = 1; 'tensor-parallel-size' = 1 } } }
        @{ Id = 'SpeculationImpossible'; Of = 'New-LlmServerConfig'; Case = 'layers that the model lacks'; Do = { New-LlmServerConfig $Folder -Topology ./topology.json -Option @{ 'speculative-config' = '{"method":"mtp","num_speculative_tokens":2}' } } }
        @{ Id = 'OneMachine'; Of = 'New-LlmServerConfig'; Case = 'one machine as several'; Do = { New-LlmServerConfig $Folder -TopologyPath $Hosts[0] -Cluster ray } }
        @{ Id = 'HostGivenTwice'; Of = 'New-LlmServerConfig'; Case = 'a machine twice'; Do = { New-LlmServerConfig $Folder -TopologyPath $Hosts[0], $Hosts[0] } }
        @{ Id = 'HostsUneven'; Of = 'New-LlmServerConfig'; Case = 'cards of two kinds'; Do = { New-LlmServerConfig $Folder -TopologyPath $Odd } }
        @{ Id = 'AddressCountMismatch'; Of = 'New-LlmServerConfig'; Case = 'an address too few'; Do = { New-LlmServerConfig $Folder -TopologyPath $Hosts -Address 10.0.0.1 } }
        @{ Id = 'AddressInvalid'; Of = 'New-LlmServerConfig'; Case = 'an address with a port'; Do = { New-LlmServerConfig $Folder -TopologyPath $Hosts -Address 10.0.0.1:80, 10.0.0.2 } }
        @{ Id = 'AddressUnknown'; Of = 'New-LlmServerConfig'; Case = 'machines without names'; Do = { New-LlmServerConfig $Folder -TopologyPath $Nameless } }
        @{ Id = 'ClusterFormUnsupported'; Of = 'New-LlmServerConfig'; Case = 'rpc for vLLM'; Do = { New-LlmServerConfig $Folder -TopologyPath $Hosts -Cluster rpc } }
        @{ Id = 'RuntimeNotForHosts'; Of = 'New-LlmServerConfig'; Case = 'units for several machines'; Do = { New-LlmServerConfig $Folder -TopologyPath $Hosts -Runtime systemd } }
        @{ Id = 'FileNotFound'; Of = 'New-LlmServerConfig'; Case = 'no model'; Do = { New-LlmServerConfig ./none.gguf -Topology ./topology.json } }
        @{ Id = 'CheckUnknown'; Of = 'Test-LlmEnvironment'; Case = 'no such check'; Do = { Test-LlmEnvironment -Id gpu.none -Topology ./topology.json } }
        @{ Id = 'PythonEnvironmentBroken'; Of = 'New-LlmServerConfig'; Case = 'a vLLM without its Python'; Do = {
                $bin = (New-Item -ItemType Directory ./env/bin -Force).FullName
                Set-Content "$bin/vllm" "#!$bin/python3.99`nimport vllm"; chmod +x "$bin/vllm"
                New-LlmServerConfig $Folder -Topology ./topology.json -EnginePath "$bin/vllm"
            } }
    ) { Assert-Error $Id $Of $Do }

    It 'of a model: <Id> (<Case>)' -ForEach @(
        @{ Id = 'ModelNotGguf'; Case = 'another file'; Do = { Set-Content ./text.gguf 'no model at all'; Get-LlmModel ./text.gguf } }
        @{ Id = 'ModelTruncated'; Case = 'a file cut off'; Do = { [IO.File]::WriteAllBytes("$Sandbox/cut.gguf", $Bytes[0..($Bytes.Length - 100)]); Get-LlmModel ./cut.gguf } }
        @{ Id = 'ModelVersionUnsupported'; Case = 'a version to come'; Do = { $new = $Bytes.Clone(); $new[4] = 99; [IO.File]::WriteAllBytes("$Sandbox/new.gguf", $new); Get-LlmModel ./new.gguf } }
        @{ Id = 'ModelInvalid'; Case = 'a description of nothing'; Do = { Get-LlmModel (New-Folder odd '[]' $Tensors) } }
        @{ Id = 'ModelNotSafetensors'; Case = 'a pointer of git-lfs'; Do = { $folder = New-Folder lfs $Description; Set-Content "$folder/model.safetensors" "version https://git-lfs.github.com/spec/v1`noid sha256:0`nsize 5"; Get-LlmModel $folder } }
        @{ Id = 'ModelPartMissing'; Case = 'a part that was not downloaded'; Do = { $folder = New-Folder parts $Description $Tensors -File 'model-00001-of-00002.safetensors'; Set-Content "$folder/model.safetensors.index.json" '{ "weight_map": { "model.embed_tokens.weight": "model-00001-of-00002.safetensors", "lm_head.weight": "model-00002-of-00002.safetensors" } }'; Get-LlmModel $folder } }
        @{ Id = 'ModelFolderUnsupported'; Case = 'a folder without a model'; Do = { Get-LlmModel (New-Item -ItemType Directory ./nothing).FullName } }
        @{ Id = 'ModelFolderAmbiguous'; Case = 'a folder of two'; Do = { $null = New-Item -ItemType Directory ./two; Copy-Item $Model ./two/a.gguf; Copy-Item $Model ./two/b.gguf; Get-LlmModel ./two } }
        @{ Id = 'FileNotFound'; Case = 'nothing'; Do = { Get-LlmModel ./none.gguf } }
        @{ Id = 'PathNotFileSystem'; Case = 'a variable'; Do = { Get-LlmModel Variable:PSHOME } }
    ) { Assert-Error $Id Get-LlmModel $Do }

    It 'of a template: <Id> (<Case>)' -ForEach @(
        @{ Id = 'TemplateRoleInvalid'; Of = 'New-LlmChatTemplate'; Case = 'a role of two words'; Do = { New-LlmChatTemplate $Model -AllowRole 'my role' } }
        @{ Id = 'TemplateWithoutRoles'; Of = 'New-LlmChatTemplate'; Case = 'a template without roles'; Do = { Set-Content ./plain.jinja '{{ messages }}'; New-LlmChatTemplate ./plain.jinja -AllowRole developer } }
        @{ Id = 'TemplateMissing'; Of = 'Get-LlmChatTemplate'; Case = 'a name that is not there'; Do = { Get-LlmChatTemplate $Model -TemplateName none } }
        @{ Id = 'FileNotUsable'; Of = 'New-LlmChatTemplate'; Case = 'a file whose folder is not there'; Do = { New-LlmChatTemplate $Model -AllowRole developer -Destination ./none/new.jinja } }
        @{ Id = 'FileAccessDenied'; Of = 'New-LlmChatTemplate'; Case = 'a folder as a file'; Do = { $null = New-Item -ItemType Directory ./taken.jinja; New-LlmChatTemplate $Model -AllowRole developer -Destination ./taken.jinja } }
        @{ Id = 'ServerNotReachable'; Of = 'Test-LlmChatTemplate'; Case = 'nobody'; Do = { Test-LlmChatTemplate -Uri "http://127.0.0.1:$(Get-FreePort)" } }
    ) { Assert-Error $Id $Of $Do }

    It 'of a configuration: <Id> (<Case>)' -ForEach @(
        @{ Id = 'ConfigInvalid'; Of = 'Import-LlmServerConfig'; Case = 'what is none'; Do = { Set-Content ./no.yaml 'model: [1, 2]'; Import-LlmServerConfig ./no.yaml } }
        @{ Id = 'ConfigUnreadable'; Of = 'Import-LlmServerConfig'; Case = 'a folder'; Do = { Import-LlmServerConfig . } }
        @{ Id = 'NameTwice'; Of = 'Export-LlmServerConfig'; Case = 'two of one name in one file'; Do = { $one = New-LlmServerConfig @Plan -Name one; $one, $one | Export-LlmServerConfig -As Compose } }
        @{ Id = 'NotForOneMachine'; Of = 'Export-LlmServerConfig'; Case = 'several machines as one service'; Do = { New-LlmServerConfig $Folder -TopologyPath $Hosts | Export-LlmServerConfig -As Compose } }
        @{ Id = 'KubernetesDeviceUnknown'; Of = 'Export-LlmServerConfig'; Case = 'cards of an unknown make'; Do = { Import-LlmServerConfig (Edit-Config (New-LlmServerConfig @Plan) '(name: )CUDA0' '${1}Vulkan0') | Export-LlmServerConfig -As Kubernetes } }
        @{ Id = 'LlamaSwapCannotSay'; Of = 'Export-LlmServerConfig'; Case = 'a macro that is none'; Do = { New-LlmServerConfig @Plan -Alias 'a${b}' | Export-LlmServerConfig -As LlamaSwap } }
        @{ Id = 'PresetCannotSay'; Of = 'Export-LlmServerConfig'; Case = 'a preset of vLLM'; Do = { New-LlmServerConfig $Folder -Topology ./topology.json | Export-LlmServerConfig -As PresetIni } }
        @{ Id = 'VariableNameInvalid'; Of = 'Export-LlmServerConfig'; Case = 'a variable that no shell can set'; Do = { Import-LlmServerConfig (Edit-Config (New-LlmServerConfig @Plan) '(?m)^environment:' "environment:`n  A-B: `"1`"") | Export-LlmServerConfig -As Bash } }
        @{ Id = 'FileExists'; Of = 'Export-LlmServerConfig'; Case = 'a file that is there'; Do = { Set-Content ./there.yaml ''; New-LlmServerConfig @Plan | Export-LlmServerConfig ./there.yaml -NoClobber } }
        @{ Id = 'SecretInConfig'; Of = 'Export-LlmServerConfig'; Case = 'a key among the arguments'; Do = { New-LlmServerConfig @Plan -ExtraArgument '--api-key', 'secret' | Export-LlmServerConfig -As Bash } }
        @{ Id = 'HostNameInvalid'; Of = 'Export-LlmClientConfig'; Case = 'a name of two words'; Do = { Export-LlmClientConfig -Config (New-LlmServerConfig @Plan) -HostName 'my box' } }
    ) { Assert-Error $Id $Of $Do }

    It 'of an engine: <Id> (<Case>)' -ForEach @(
        @{ Id = 'EngineSourceUnsupported'; Of = 'Install-LlmEngine'; Case = 'vLLM from a release of llama.cpp'; Do = { Get-GpuTopology -Path $TwoGpus | Install-LlmEngine vllm -Source Release -PlanOnly } }
        @{ Id = 'EngineInstallNotFound'; Of = 'Uninstall-LlmEngine'; Case = 'an install that is not there'; Do = { Uninstall-LlmEngine none -Confirm:$false } }
        @{ Id = 'EngineNotFound'; Of = 'Get-LlmEngine'; Case = 'a program that is not there'; Do = { Get-LlmEngine ./none } }
        @{ Id = 'FixNotFound'; Of = 'Get-LlmEnvironmentFix'; Case = 'nothing of that name was done'; Do = { Get-LlmEnvironmentFix none } }
    ) { Assert-Error $Id $Of $Do }

    It 'of a start: <Id> (<Case>)' -ForEach @(
        @{ Id = 'ApiKeyFileExposed'; Case = 'a key that all can read'; Do = { Set-Content ./open-key secret; chmod 644 ./open-key; New-Server a @{ ApiKeyFile = './open-key' } | Start-LlmServer } }
        @{ Id = 'ApiKeyFileNotFound'; Case = 'a key that is gone'; Do = { Set-Content ./gone-key secret; chmod 600 ./gone-key; $config = New-Server b @{ ApiKeyFile = './gone-key' }; Remove-Item ./gone-key; $config | Start-LlmServer } }
        @{ Id = 'ChatTemplateNotFound'; Case = 'a template that is gone'; Do = { (Get-LlmChatTemplate $Model).Text | Set-Content ./gone.jinja; $config = New-Server c @{ ChatTemplate = './gone.jinja' }; Remove-Item ./gone.jinja; $config | Start-LlmServer } }
        @{ Id = 'ModelNotFound'; Case = 'a model that is gone'; Do = { Copy-Item $Model ./gone.gguf; $config = New-Server d @{ Model = './gone.gguf' }; Remove-Item ./gone.gguf; $config | Start-LlmServer } }
        @{ Id = 'ConfigInvalid'; Case = 'a file that is none'; Do = { Set-Content ./no.yaml 'model: [1, 2]'; Start-LlmServer ./no.yaml } }
        @{ Id = 'EngineNotFound'; Case = 'an engine that is gone'; Do = { Start-LlmServer (Edit-Config (New-Server e) '(?m)^(\s*)(enginePath|path): .*llama-server.*$' '$1$2: /none/llama-server') } }
        @{ Id = 'HostNotLocal'; Case = 'an address of elsewhere'; Do = { New-Server f @{ HostName = '192.0.2.1' } | Start-LlmServer -Force } }
        @{ Id = 'SecretInConfig'; Case = 'a token among the arguments'; Do = { New-Server g @{ ExtraArgument = '--hf-token', 'secret' } | Start-LlmServer } }
        @{ Id = 'ExposedWithoutKey'; Case = 'open to all'; Do = { New-Server h @{ HostName = '0.0.0.0' } | Start-LlmServer } }
        @{ Id = 'StartElsewhere'; Case = 'pods'; Do = { New-LlmServerConfig $Folder -TopologyPath $Hosts -Cluster kubernetes | Start-LlmServer } }
        @{ Id = 'DockerNotFound'; Case = 'no docker'; Do = { $config = New-Server j @{ Runtime = 'docker' }; Invoke-WithDocker '' { $config | Start-LlmServer } } }
        @{ Id = 'DockerFailed'; Case = 'a docker of elsewhere that fails'; Do = { $config = New-Server k @{ Runtime = 'docker' }; $env:DOCKER_HOST = 'tcp://192.0.2.1:2375'; try { Invoke-WithDocker 'exit 1' { $config | Start-LlmServer } } finally { $env:DOCKER_HOST = $null } } }
        @{ Id = 'DockerNotAnswering'; Case = 'a docker that is not running'; Do = { $config = New-Server l @{ Runtime = 'docker' }; Invoke-WithDocker 'echo Cannot connect to the Docker daemon >&2; exit 1' { $config | Start-LlmServer } } }
        @{ Id = 'ImageNotFound'; Case = 'an image that is nowhere'; Do = { $config = New-Server m @{ Runtime = 'docker'; Image = 'none/none:1' }; Invoke-WithDocker 'case "$1" in version|info) echo "{}" ;; *) echo no such image >&2; exit 1 ;; esac' { $config | Start-LlmServer } } }
        @{ Id = 'SystemdNotRunning'; Case = 'no systemd'; Do = { $config = New-Server n @{ Runtime = 'systemd' }; Invoke-WithDocker '' { $config | Start-LlmServer } } }
        @{ Id = 'SupervisorNotFound'; Case = 'a command that is gone'; Do = { $env:LLMOPS_COMMAND = '/none/llmops'; try { New-Server o | Start-LlmServer } finally { $env:LLMOPS_COMMAND = $null } } }
        @{ Id = 'StateFolderNotWritable'; Case = 'a state folder that is a file'; Do = { $config = New-Server p; Set-Content ./a-file ''; $env:XDG_STATE_HOME, $before = "$Sandbox/a-file", $env:XDG_STATE_HOME; try { $config | Start-LlmServer } finally { $env:XDG_STATE_HOME = $before } } }
        @{ Id = 'PlanDoesNotFit'; Case = 'what cannot fit'; Do = { New-LlmServerConfig (New-HeaderOnlyModel 'Qwen3.5-122B-A10B-UD-Q2_K_XL') -Topology ./alpha.json -Name q -Option @{ 'gpu-layers' = 99; 'n-cpu-moe' = 0 } | Start-LlmServer } }
    ) {
        Assert-Engine
        Assert-Error $Id Start-LlmServer $Do
        Get-LlmServer | Should -BeNullOrEmpty -Because 'nothing was started'
    }

    It 'of a server: <Id> (<Of>)' -ForEach @(
        @{ Id = 'ServerNotFound'; Of = 'Stop-LlmServer'; Do = { Stop-LlmServer none } }
        @{ Id = 'ServerNotFound'; Of = 'Restart-LlmServer'; Do = { Restart-LlmServer none } }
        @{ Id = 'ServerNotFound'; Of = 'Remove-LlmServer'; Do = { Remove-LlmServer none -Confirm:$false } }
        @{ Id = 'ServerNotFound'; Of = 'Wait-LlmServer'; Do = { Wait-LlmServer none } }
        @{ Id = 'ServerNotFound'; Of = 'Get-LlmServerLog'; Do = { Get-LlmServerLog none } }
        @{ Id = 'ServerNotFound'; Of = 'Get-LlmServerMetric'; Do = { Get-LlmServerMetric none } }
        @{ Id = 'ServerNotFound'; Of = 'Resolve-LlmServerFault'; Do = { Resolve-LlmServerFault none } }
        @{ Id = 'ServerNotFound'; Of = 'Measure-LlmThroughput'; Do = { Measure-LlmThroughput none } }
        @{ Id = 'ServerNotFound'; Of = 'Test-LlmChatTemplate'; Do = { Test-LlmChatTemplate -Server none } }
        @{ Id = 'ServerNameInvalid'; Of = 'Get-LlmServer'; Do = { Get-LlmServer '../elsewhere' } }
    ) { Assert-Error $Id $Of $Do }

    It 'of measuring: <Id> (<Case>)' -ForEach @(
        @{ Id = 'ServerNotReachable'; Of = 'Measure-LlmThroughput'; Case = 'nobody'; Do = { Measure-LlmThroughput -Uri "http://127.0.0.1:$(Get-FreePort)" } }
        @{ Id = 'ServerNotReachable'; Of = 'Get-LlmServerMetric'; Case = 'nobody'; Do = { Get-LlmServerMetric -Uri "http://127.0.0.1:$(Get-FreePort)" } }
        @{ Id = 'SloNotUsable'; Of = 'Measure-LlmThroughput'; Case = 'an objective that is none'; Do = { Measure-LlmThroughput -Uri 'http://127.0.0.1:1' -Slo @{ Speed = 1 } } }
        @{ Id = 'PromptFileInvalid'; Of = 'Measure-LlmThroughput'; Case = 'prompts that are none'; Do = { Set-Content ./prompts.jsonl '{ "no": "prompt" }'; Measure-LlmThroughput -Uri 'http://127.0.0.1:1' -PromptFile ./prompts.jsonl } }
        @{ Id = 'KeyFileEmpty'; Of = 'Measure-LlmThroughput'; Case = 'a key file without a key'; Do = { Set-Content ./empty-key ''; Measure-LlmThroughput -Uri 'http://127.0.0.1:1' -ApiKeyFile ./empty-key } }
        @{ Id = 'KeyFileUnreadable'; Of = 'Measure-LlmThroughput'; Case = 'a folder as a key file'; Do = { Measure-LlmThroughput -Uri 'http://127.0.0.1:1' -ApiKeyFile . } }
    ) { Assert-Error $Id $Of $Do }
}
