# What the pipeline may give to each cmdlet, as a whole and by a property, live and as it comes from a job or a file; and parameters that no other file needs.
BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $DataBefore = $env:XDG_DATA_HOME
    $env:XDG_DATA_HOME = Join-Path $Sandbox 'data'
    $Model = Get-TestModel
    Copy-Item $TwoGpus ./topology.json
    $Log = 'error while loading shared libraries: libggml-base.so.0: cannot open shared object file: No such file or directory'
    Set-Content -LiteralPath './server [1].log' $Log
    $Topology = Get-GpuTopology -Path ./topology.json
    $Config = New-LlmServerConfig $Model -Topology ./topology.json -Name kept
    $Config | Export-LlmServerConfig './kept [1].yaml'
    $Template = Get-LlmChatTemplate $Model
    $Check = @(Test-LlmEnvironment -Id gpu.present -Topology ./topology.json)[0]

    # An engine that somebody built, as far as its first start.
    $Tools = New-Item -ItemType Directory ./tools
    $Sources = (New-Item -ItemType Directory ./sources).FullName
    Set-Content "$Sources/CMakeLists.txt" ''
    Set-Content "$Tools/template-server" "#!/bin/sh`ncase `"`$1`" in --version) echo 'version: 9021 (666e2fc04)' ;; *) printf '%s\n' '-c,    --ctx-size N    size' '--port PORT    port' ;; esac"
    Set-Content "$Tools/cmake" "#!/bin/sh`n[ `"`$1`" = --build ] || exit 0`nmkdir -p `"`$2/bin`" && cp '$Tools/template-server' `"`$2/bin/llama-server`""
    'g++', 'make' | ForEach-Object { Set-Content "$Tools/$_" "#!/bin/sh`nexit 0" }
    Get-ChildItem $Tools | ForEach-Object { chmod +x $_ }
    $PathBefore = $env:PATH
    $Build = @{ Source = 'Build'; Backend = 'Cpu'; SourcePath = $Sources; Confirm = $false }

    $Key = Join-Path $Sandbox key
    Set-Content $Key 'secret'
    chmod 600 $Key
    if ($env:LLMOPS_TEST_ENGINE) {
        $Server = New-LlmServerConfig $Model -Name chat -Port (Get-FreePort) -ContextLength 1024 -Parallel 2 | Start-LlmServer
        $Measured = Measure-LlmThroughput chat -Request 4 -PromptTokens 16 -OutputTokens 8 -Warmup 0 -WarningAction SilentlyContinue
        $Measured | Export-LlmReport ./measured.json
    }
}

AfterAll {
    $env:PATH = $PathBefore
    Exit-Sandbox
    $env:XDG_DATA_HOME = $DataBefore
}

Describe 'By value, <How>' -ForEach @(
    @{ How = 'live'; Copy = { $_ } }
    @{ How = 'from a job'; Copy = { Copy-ThroughSerialisation $_ } }
    @{ How = 'from a file'; Copy = { $_ | Export-Clixml ./object.xml; Import-Clixml ./object.xml } }
) {
    It '<Command> takes <What>' -ForEach @(
        @{ Command = 'Test-LlmEnvironment'; What = 'a topology'; Given = { $Topology }; With = @{ Id = 'gpu.present' }; Expect = { $_.Status -eq 'Pass' } }
        @{ Command = 'Test-LlmEnvironment'; What = 'a configuration'; Given = { $Config }; With = @{ Category = 'Model' }; Expect = { $_.Category -eq 'Model' } }
        @{ Command = 'Install-LlmEngine'; What = 'a topology'; Given = { $Topology }; With = @{ Source = 'Docker'; PlanOnly = $true; SkipPrerequisite = $true }; Expect = { $_.Origin -eq 'ghcr.io/ggml-org/llama.cpp:server-cuda' } }
        @{ Command = 'New-LlmServerConfig'; What = 'a topology'; Given = { $Topology }; With = @{ Model = { $Model } }; Expect = { $_.Plan.Host.TotalBytes -eq 137438953472 } }
        @{ Command = 'New-LlmServerConfig'; What = 'a GPU'; Given = { $Topology.Gpus[1] }; With = @{ Model = { $Model } }; Expect = { $_.Devices.Count -eq 1 -and $_.Devices[0].Uuid -eq $Topology.Gpus[1].Uuid } }
        @{ Command = 'Test-LlmServerConfig'; What = 'a configuration'; Given = { $Config }; With = @{}; Expect = { $_.Id -eq 'model.fits' } }
        @{ Command = 'Export-LlmServerConfig'; What = 'a configuration'; Given = { $Config }; With = @{ As = 'PowerShell' }; Expect = { $_ -like '*--model*' } }
        @{ Command = 'Export-LlmClientConfig'; What = 'a configuration'; Given = { $Config }; With = @{}; Expect = { $_ -like '*OPENAI_BASE_URL*' } }
        @{ Command = 'Start-LlmServer'; What = 'a configuration'; Given = { $Config }; With = @{ WhatIf = $true }; Expect = $null }
        @{ Command = 'New-LlmChatTemplate'; What = 'a template'; Given = { $Template }; With = @{ AllowRole = 'developer'; Like = 'system'; WarningAction = 'SilentlyContinue' }; Expect = { $_.Text -match 'developer' } }
        @{ Command = 'Test-LlmChatTemplate'; What = 'a template'; Given = { $Template }; With = @{ Role = 'user' }; Expect = { $_.Status -eq 'Accepted' } }
        @{ Command = 'Export-LlmCheckReport'; What = 'a finding'; Given = { $Check }; With = @{ As = 'JUnit'; Title = 'box' }; Expect = { $_ -like '*gpu.present*' } }
    ) {
        $arguments = @{}
        foreach ($name in $With.Keys) { $arguments[$name] = $With[$name] -is [scriptblock] ? (& $With[$name]) : $With[$name] }
        $copy = & $Given | ForEach-Object $Copy
        $result = $copy | & $Command @arguments
        if ($Expect) { @($result | Where-Object $Expect).Count | Should -BeGreaterThan 0 -Because "it gave: $($result | Out-String)" }
        else { $result | Should -BeNullOrEmpty }
    }

    It '<Command> takes <What> of a running server' -ForEach @(
        @{ Command = 'Export-LlmClientConfig'; What = 'the server'; Given = { $Server }; With = @{ Client = 'OneApi' }; Expect = { $_ -like '*base_url*' } }
        @{ Command = 'Resolve-LlmServerFault'; What = 'the server'; Given = { $Server }; With = @{}; Expect = { $_.Severity -eq 'Harmless' } }
        @{ Command = 'Export-LlmReport'; What = 'measurements'; Given = { $Measured }; With = @{ As = 'Csv'; Title = 'mine' }; Expect = { $_ -match 'chat' } }
        @{ Command = 'Compare-LlmThroughput'; What = 'measurements'; Given = { $Measured }; With = @{ Baseline = './measured.json' }; Expect = { $_.Figure -eq 'Ttft' -or $_ } }
    ) {
        Assert-Engine
        $result = & $Given | ForEach-Object $Copy | & $Command @With
        if ($Expect) { @($result | Where-Object $Expect).Count | Should -BeGreaterThan 0 }
        else { $result | Should -BeNullOrEmpty }
    }
}

Describe 'Text' {
    It 'is taken by <Command>: <Text>' -ForEach @(
        @{ Command = 'Get-GpuTopology'; Text = './topology.json'; Expect = { $_.Gpus.Count -eq 2 } }
        @{ Command = 'Get-LlmModel'; Text = './tiny.gguf'; Expect = { $_.Architecture } }
        @{ Command = 'Get-LlmChatTemplate'; Text = './tiny.gguf'; Expect = { $_.Name -eq 'default' } }
        @{ Command = 'New-LlmChatTemplate'; Text = './tiny.gguf'; With = @{ AllowRole = 'developer'; WarningAction = 'SilentlyContinue' }; Expect = { $_.Text -match 'developer' } }
        @{ Command = 'Test-LlmChatTemplate'; Text = './tiny.gguf'; Expect = { $_.Role -eq 'user' } }
        @{ Command = 'Import-LlmServerConfig'; Text = './kept*.yaml'; Expect = { $_.Name -eq 'kept' } }
        @{ Command = 'Resolve-LlmServerFault'; Text = 'error while loading shared libraries: libggml-base.so.0: cannot open shared object file: No such file or directory'; Expect = { $_.Id } }
        @{ Command = 'Start-LlmServer'; Text = './kept*.yaml'; With = @{ WhatIf = $true } }
    ) {
        if (-not (Test-Path ./tiny.gguf)) { Copy-Item $Model ./tiny.gguf }
        $With ??= @{}
        $result = $Text | & $Command @With
        if ($Expect) { @($result | Where-Object $Expect).Count | Should -BeGreaterThan 0 }
        else { $result | Should -BeNullOrEmpty }
    }
}

Describe 'By property name' {
    It '<Command> takes <Property>' -ForEach @(
        @{ Command = 'Get-GpuTopology'; Property = 'LiteralPath'; Value = { './topology.json' }; Expect = { $_.Gpus.Count -eq 2 } }
        @{ Command = 'Get-LlmModel'; Property = 'LiteralPath'; Value = { $Model }; Expect = { $_.Path -eq $Model } }
        @{ Command = 'Get-LlmChatTemplate'; Property = 'Model'; Value = { $Model }; Expect = { $_.Name -eq 'default' } }
        @{ Command = 'New-LlmChatTemplate'; Property = 'Path'; Value = { $Model }; With = @{ AllowRole = 'developer'; WarningAction = 'SilentlyContinue' }; Expect = { $_.Text } }
        @{ Command = 'Test-LlmChatTemplate'; Property = 'Path'; Value = { $Model }; Expect = { $_.Role -eq 'user' } }
        @{ Command = 'Import-LlmServerConfig'; Property = 'LiteralPath'; Value = { './kept [1].yaml' }; Expect = { $_.Name -eq 'kept' } }
        @{ Command = 'New-LlmServerConfig'; Property = 'Path'; Value = { $Model }; With = @{ Topology = './topology.json' }; Expect = { $_.Model -eq $Model } }
        @{ Command = 'Test-LlmEnvironment'; Property = 'Model'; Value = { $Model }; With = @{ Topology = './topology.json'; Category = 'Model' }; Expect = { $_.Category -eq 'Model' } }
        @{ Command = 'Resolve-LlmServerFault'; Property = 'LiteralPath'; Value = { './server [1].log' }; Expect = { $_.Id } }
        @{ Command = 'Start-LlmServer'; Property = 'LiteralPath'; Value = { './kept [1].yaml' }; With = @{ WhatIf = $true } }
    ) {
        $With ??= @{}
        $result = [pscustomobject]@{ $Property = & $Value } | & $Command @With
        if ($Expect) { @($result | Where-Object $Expect).Count | Should -BeGreaterThan 0 }
        else { $result | Should -BeNullOrEmpty }
    }

    It 'every file that Get-Item gives is taken: <Command>' -ForEach @(
        @{ Command = 'Get-GpuTopology'; File = './topology.json' }
        @{ Command = 'Import-LlmServerConfig'; File = './kept [1].yaml' }
        @{ Command = 'Resolve-LlmServerFault'; File = './server [1].log' }
    ) {
        Get-Item -LiteralPath $File | & $Command | Should -Not -BeNullOrEmpty
        Get-ChildItem | Where-Object Name -EQ (Split-Path -Leaf $File) | & $Command | Should -Not -BeNullOrEmpty
    }

    It 'engines and measurements go by what they are called' {
        Assert-Engine
        $found = [pscustomobject]@{ Path = $env:LLMOPS_TEST_ENGINE } | Get-LlmEngine
        $found.Path | Should -Be $env:LLMOPS_TEST_ENGINE
        ($env:LLMOPS_TEST_ENGINE | Get-LlmEngine).Version | Should -Be $found.Version
        [pscustomobject]@{ Results = $Measured } | Export-LlmReport -As Markdown | Should -Match 'chat'
        [pscustomobject]@{ Name = 'chat' } | Get-LlmServer | ForEach-Object State | Should -Be 'Ready'
    }

    It 'a server goes by name in a table to <Command>' -ForEach @(
        @{ Command = 'Wait-LlmServer'; With = @{ State = 'Ready'; TimeoutSec = 30 } }
        @{ Command = 'Get-LlmServerLog'; With = @{ Tail = 1 } }
        @{ Command = 'Get-LlmServerMetric'; With = @{ IntervalSec = 0.05 } }
        @{ Command = 'Measure-LlmThroughput'; With = @{ Request = 1; PromptTokens = 16; OutputTokens = 2; Warmup = 0; WarningAction = 'SilentlyContinue' } }
    ) {
        Assert-Engine
        [pscustomobject]@{ Name = 'chat' } | & $Command @With | Should -Not -BeNullOrEmpty
        'chat' | & $Command @With | Should -Not -BeNullOrEmpty
    }

    It 'what ends servers asks first, for each that the pipeline names: <_>' -ForEach 'Stop-LlmServer', 'Restart-LlmServer', 'Remove-LlmServer' {
        Assert-Engine
        $more = $_ -eq 'Remove-LlmServer' ? @{ Force = $true } : @{}
        [pscustomobject]@{ Name = 'chat' } | & $_ -WhatIf @more | Should -BeNullOrEmpty
        'chat' | & $_ -WhatIf @more | Should -BeNullOrEmpty
        (Get-LlmServer chat).Pid | Should -Be $Server.Pid
    }
}

Describe 'Get-GpuTopology' {
    It 'keeps what is asked for' {
        (Get-GpuTopology -Path ./topology.json -ComputeCapability 8.0).Gpus.Name | Should -BeLike '*4080*'
        (Get-GpuTopology -Path ./topology.json -Index 1 -MinimumMemory 8GB -Name *2080*).Gpus.Count | Should -Be 1
        (Get-GpuTopology -LiteralPath ./topology.json -Visible).Gpus.Count | Should -Be 2
        (Get-GpuTopology -Source Engine).Host | Should -Not -BeNullOrEmpty
    }

    It 'watches for so many rounds, the cards that there are' {
        $cards = (Get-GpuTopology).Gpus.Count
        @(Get-GpuTopology -Watch -IntervalSec 0.02 -Count 2 -WarningAction SilentlyContinue).Count | Should -Be (2 * $cards)
    }
}

Describe 'Files' {
    It 'are written where none is: <Command> -NoClobber' -ForEach @(
        @{ Command = 'Export-LlmServerConfig'; Given = { $Config } }
        @{ Command = 'Export-LlmClientConfig'; Given = { $Config } }
        @{ Command = 'Export-LlmCheckReport'; Given = { $Check } }
        @{ Command = 'Export-LlmReport'; Given = { Assert-Engine; $Measured } }
    ) {
        $file = "./once-$Command.md"
        $written = & $Given | & $Command -Path $file -NoClobber -PassThru
        $written.Name | Should -Be (Split-Path -Leaf $file)
        { & $Given | & $Command -Path $file -NoClobber -ErrorAction Stop } | Should -Throw -ErrorId 'FileExists,*'
        & $Given | & $Command -Path ./never.md -WhatIf
        './never.md' | Should -Not -Exist
    }

    It 'of templates, too' {
        (New-LlmChatTemplate $Model -TemplateName default -AllowRole developer -Destination ./once.jinja -NoClobber -WarningAction SilentlyContinue).Name | Should -Be 'once.jinja'
        (Test-LlmChatTemplate ./once.jinja -Role developer).Status | Should -Be 'Accepted'
        @(Test-LlmChatTemplate $Model -TemplateName default -Role user).Status | Should -Be 'Accepted'
    }
}

Describe 'A model that is not whole' {
    It 'is described where that is allowed' {
        $bytes = [IO.File]::ReadAllBytes($Model)
        [IO.File]::WriteAllBytes("$Sandbox/cut.gguf", $bytes[0..($bytes.Length - 100)])
        { Get-LlmModel ./cut.gguf -ErrorAction Stop } | Should -Throw -ErrorId 'ModelTruncated,*'
        $whole = Get-LlmModel $Model
        (Get-LlmModel ./cut.gguf -AllowIncomplete).ParameterCount | Should -Be $whole.ParameterCount
    }
}

Describe 'Plans' {
    It 'say with <Case>' -ForEach @(
        @{ Case = 'an image how the container is made'; With = @{ Runtime = 'docker'; Image = 'my/llama:1' }; Expect = { $_.Runtime -eq 'docker' -and $_.Image -eq 'my/llama:1' } }
        @{ Case = 'a restart mode what happens after a failure'; With = @{ Restart = 'Always' }; Expect = { "$($_.Restart.Mode)" -eq 'Always' } }
        @{ Case = 'the built-in estimator where the figures come from'; With = @{ Estimator = 'Model' }; Expect = { $_.Plan.Source -notmatch 'engine' } }
        @{ Case = 'a cache type what is cached'; With = @{ KvCacheType = 'q8_0' }; Expect = { $_.Options['kvCacheTypeK'] -eq 'q8_0' } }
        @{ Case = 'a template which one'; With = @{ ChatTemplate = { (Get-LlmChatTemplate $Model).Text | Set-Content ./own.jinja; './own.jinja' } }; Expect = { $_.Options['chatTemplateFile'] -like '*own.jinja' } }
        @{ Case = 'an alias, an address and more arguments'; With = @{ Alias = 'a'; HostName = '127.0.0.2'; Port = 8199; ApiKeyFile = { $Key }; ExtraArgument = '--no-warmup'; Mode = 'Stable' }; Expect = { $_.Alias -eq 'a' -and $_.Endpoint.Host -eq '127.0.0.2' -and $_.Endpoint.Port -eq 8199 -and $_.ExtraArguments -contains '--no-warmup' } }
        @{ Case = 'one card of a list'; With = @{ Gpu = { $Topology.Gpus[0] }; Topology = $null }; Expect = { $_.Devices.Count -eq 1 } }
        @{ Case = 'another version of the engine'; With = @{ EngineVersion = '0.21.0'; Engine = 'llama.cpp' }; Expect = { $_.Engine -eq 'llama.cpp' } }
    ) {
        $arguments = @{ Topology = './topology.json'; Model = $Model }
        foreach ($name in $With.Keys) { $arguments[$name] = $With[$name] -is [scriptblock] ? (& $With[$name]) : $With[$name] }
        if (-not $arguments.Topology) { $arguments.Remove('Topology') }
        $config = New-LlmServerConfig @arguments
        @($config | Where-Object $Expect).Count | Should -Be 1 -Because ($config | Export-LlmServerConfig)
    }

    It 'are explained' {
        (New-LlmServerConfig $Model -Topology ./topology.json -Explain | Out-String -Width 200) | Should -Match 'contextLength = 8192\s+all that the model was trained for'
    }

    It 'are checked, and only what matters is given' {
        $all = $Config | Test-LlmServerConfig
        $some = $Config | Test-LlmServerConfig -Status Pass
        $all.Status | Should -Contain 'Skip'
        $some.Status | Sort-Object -Unique | Should -Be 'Pass'
        $some.Id | Should -Contain 'model.fits'
    }

    It 'say who can connect' {
        $open = New-LlmServerConfig $Model -Topology ./topology.json -HostName 0.0.0.0
        ($open.Decisions | Where-Object Option -EQ host).Reason | Should -Match 'no API key file is named, so that a start is refused'
        $open | Out-String -Width 120 | Should -Match 'Endpoint +: http://127\.0\.0\.1:8080 \(listens on 0\.0\.0\.0, without a key\)'
        $keyed = New-LlmServerConfig $Model -Topology ./topology.json -HostName 0.0.0.0 -ApiKeyFile $Key
        ($keyed.Decisions | Where-Object Option -EQ host).Reason | Should -Be 'as asked'
        $keyed | Out-String -Width 120 | Should -Match '\(listens on 0\.0\.0\.0\)'
    }

    It 'are made for the engine that is named' {
        Assert-Engine
        (New-LlmServerConfig $Model -EnginePath $env:LLMOPS_TEST_ENGINE).EnginePath | Should -Be $env:LLMOPS_TEST_ENGINE
        Test-LlmEnvironment -EnginePath $env:LLMOPS_TEST_ENGINE -Engine llama.cpp -Category Engine -Exclude engine.version* | ForEach-Object Category | Sort-Object -Unique | Should -Be 'Engine'
        Test-LlmEnvironment $Model -Role developer -Id model.* -Topology ./topology.json | Should -Not -BeNullOrEmpty
    }

    It 'for several machines name the port among them' {
        $hosts = foreach ($name in 'alpha', 'beta') {
            Set-Content "./$name.json" "{ `"source`": `"nvml`", `"host`": { `"name`": `"$name`", `"cpu`": { `"physicalCores`": 16 }, `"memory`": { `"totalBytes`": 137438953472, `"availableBytes`": 130000000000 } }, `"gpus`": [ { `"index`": 0, `"cudaIndex`": 0, `"uuid`": `"GPU-$name`", `"vendor`": `"nvidia`", `"name`": `"NVIDIA GeForce RTX 3090`", `"computeCapability`": `"8.6`", `"memoryTotalBytes`": 25769803776 } ], `"links`": [] }"
            "./$name.json"
        }
        $plan = New-LlmServerConfig (New-HeaderOnlyModel 'Qwen_QwQ-32B-IQ4_XS') -TopologyPath $hosts -Cluster rpc -Address 10.0.0.1, 10.0.0.2 -ClusterPort 50123
        $plan | Export-LlmServerConfig -As Bash | Should -Match '50123'
    }
}

Describe 'Engines' {
    BeforeEach { $env:PATH = "$Tools$([IO.Path]::PathSeparator)/usr/bin$([IO.Path]::PathSeparator)/bin" }
    AfterEach { $env:PATH = $PathBefore }

    It 'are looked into: what flags there are' {
        Assert-Engine
        $engine = Get-LlmEngine $env:LLMOPS_TEST_ENGINE -Help
        $engine.Flags.Count | Should -BeGreaterThan 100
        $engine.Flags.Names | Should -Contain '--ctx-size'
    }

    It 'that are not there are said to be, and how to get one' {
        $env:LLMOPS_LLAMA_SERVER, $before = $null, $env:LLMOPS_LLAMA_SERVER
        try { Get-LlmEngine -Engine llama.cpp -WarningVariable warnings -WarningAction SilentlyContinue | Should -BeNullOrEmpty }
        finally { $env:LLMOPS_LLAMA_SERVER = $before }
        "$warnings" | Should -Match 'Install-LlmEngine'
    }

    It 'are planned, and asked for: <Case>' -ForEach @(
        @{ Case = 'a build'; With = @{ Source = 'Build'; Backend = 'Cpu'; Version = 'b9021'; SourcePath = { $Sources }; BuildOption = 'GGML_NATIVE=OFF'; Jobs = 3; Destination = './there'; Name = 'own'; SkipPrerequisite = $true }; Expect = '-DGGML_NATIVE=OFF' }
        @{ Case = 'an image'; With = @{ Source = 'Docker'; Image = 'my/llama:1' }; Expect = 'my/llama:1' }
        @{ Case = 'a Python environment'; With = @{ Engine = 'vllm'; Source = 'Pip'; Topology = './topology.json'; Python = { (Get-Command python3).Source }; Index = 'https://mirror.example/simple'; Cuda = '12.8'; Requirement = 'transformers==5.1.0'; Version = '0.21.0' }; Expect = 'https://mirror.example/simple' }
    ) {
        $arguments = @{}
        foreach ($name in $With.Keys) { $arguments[$name] = $With[$name] -is [scriptblock] ? (& $With[$name]) : $With[$name] }
        $plan = Install-LlmEngine @arguments -PlanOnly
        (@($plan.Origin) + $plan.Steps.Text -join "`n") | Should -Match ([regex]::Escape($Expect))
        Install-LlmEngine @arguments -WhatIf -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        Get-LlmEngine -Installed | Should -BeNullOrEmpty
    }

    It 'with a plugin get it beside them' {
        Set-Content ./plugin-0.1-py3-none-any.whl ''
        $plan = Get-GpuTopology -Path ./topology.json | Install-LlmEngine vllm -Source Pip -Plugin ./plugin-0.1-py3-none-any.whl -PlanOnly
        $plan.Steps.Text -join "`n" | Should -Match 'plugin-0\.1-py3-none-any\.whl'
    }

    It 'are replaced and removed when forced, live and as another session gave them' {
        $install = Install-LlmEngine @Build -Name mine
        $again = Install-LlmEngine @Build -Name mine -Force
        $again.Path | Should -Be $install.Path
        Copy-Item /usr/bin/sleep (Join-Path $install.Folder 'busy')
        $busy = Start-Process (Join-Path $install.Folder 'busy') -ArgumentList 300 -PassThru
        try {
            { Uninstall-LlmEngine mine -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'EngineInUse,LlmOps.Commands.UninstallLlmEngineCommand'
        } finally { $busy | Stop-Process; $busy.WaitForExit() }
        Copy-ThroughSerialisation $install | Uninstall-LlmEngine -WhatIf
        $install.Folder | Should -Exist
        Copy-ThroughSerialisation $install | Uninstall-LlmEngine -Force -Confirm:$false
        $install.Folder | Should -Not -Exist
    }
}

Describe 'What was mended' {
    It 'is asked for before it is taken back' {
        chmod 644 $Key
        $config = New-LlmServerConfig $Model -Topology ./topology.json -Name mended -ApiKeyFile $Key
        $null = $config | Test-LlmEnvironment -Id security.key-file -Fix
        $done = Get-LlmEnvironmentFix security.key-file*
        $done | Undo-LlmEnvironmentFix -WhatIf | Should -BeNullOrEmpty
        [int] [System.IO.File]::GetUnixFileMode($Key) | Should -Be 0x180 -Because 'it is still 600'
        ($done | Undo-LlmEnvironmentFix -Confirm:$false).UndoneAt | Should -Not -BeNullOrEmpty
    }
}

Describe 'Measuring' {
    It 'takes <Case>' -ForEach @(
        @{ Case = 'a time instead of a count'; With = @{ DurationSec = 1; GraceSec = 5; Warmup = 1 } }
        @{ Case = 'prompts of a file'; With = @{ Request = 2; PromptFile = { Set-Content ./prompts.jsonl '{"prompt":"one two three"}', '{"prompt":"four five six"}'; './prompts.jsonl' } } }
        @{ Case = 'tools'; With = @{ Request = 2; ToolCall = $true } }
        @{ Case = 'a search for the knee'; With = @{ Request = 4; Search = 'Knee'; SearchLimit = 2 } }
        @{ Case = 'objectives'; With = @{ Request = 2; Slo = @{ Ttft = 30; Tpot = 5 } } }
        @{ Case = 'an address whose certificate nobody knows'; With = @{ Request = 1; SkipCertificateCheck = $true; Uri = { $Server.Endpoint } } }
    ) {
        Assert-Engine
        $arguments = @{ PromptTokens = 16; OutputTokens = 4; Warmup = 0; WarningAction = 'SilentlyContinue' }
        foreach ($name in $With.Keys) { $arguments[$name] = $With[$name] -is [scriptblock] ? (& $With[$name]) : $With[$name] }
        if (-not $arguments.Uri) { $arguments.Name = 'chat' }
        $results = @(Measure-LlmThroughput @arguments)
        $results.Count | Should -BeGreaterThan 0
        $results | ForEach-Object Errors | Sort-Object -Unique | Should -Be 0
    }

    It 'ranks values of an option by the figure that counts' {
        Assert-Engine
        $points = Measure-LlmThroughput chat -Option @{ 'ubatch-size' = 64, 128 } -SweepLimit 2 -RankBy Ttft -Request 2 -PromptTokens 16 -OutputTokens 4 -Warmup 0 -WarningAction SilentlyContinue
        @($points).Count | Should -Be 2
        (Get-LlmServer chat).State | Should -Be 'Ready' -Because 'it is given back'
    }
}

Describe 'Starting' {
    It 'waits so long or not at all' {
        Assert-Engine
        $config = New-LlmServerConfig $Model -Name later -Port (Get-FreePort) -ContextLength 512 -Parallel 1
        $server = $config | Start-LlmServer -NoWait
        $server.State | Should -BeIn 'Starting', 'Loading', 'Ready'
        (Wait-LlmServer later -TimeoutSec 120).State | Should -Be 'Ready'
        (Stop-LlmServer later -GraceSec 5).State | Should -Be 'Stopped'
        ($config | Start-LlmServer -TimeoutSec 120 -Force).State | Should -Be 'Ready'
        Stop-LlmServer later -GraceSec 5 | Remove-LlmServer -Confirm:$false
        Get-LlmServer lat* | Should -BeNullOrEmpty
    }
}
