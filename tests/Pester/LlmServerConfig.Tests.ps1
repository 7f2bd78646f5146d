BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Model = Get-TestModel
}

AfterAll { Exit-Sandbox }

Describe 'New-LlmServerConfig' {
    It 'plans for this machine when nothing is piped' {
        $config = New-LlmServerConfig -Model $Model -WarningAction SilentlyContinue
        $config.PSTypeNames[0] | Should -Be 'LlmOps.Configuration.ServerConfig'
        $config.Model | Should -Be $Model
        $config.Endpoint.Host | Should -Be '127.0.0.1'
        $config.Decisions.Count | Should -BeGreaterThan 5
        $config.Plan.Host.WeightsBytes | Should -BeGreaterThan 0
    }

    It 'plans for each topology that is piped, each as it comes' {
        $first = Get-GpuTopology -Path $TwoGpus, $TwoGpus | New-LlmServerConfig -Model $Model | Select-Object -First 1
        $first.Devices.Count | Should -BeGreaterThan 0
        @(Get-GpuTopology -Path $TwoGpus, $TwoGpus | New-LlmServerConfig -Model $Model).Count | Should -Be 2
    }

    It 'plans for the GPUs that are piped, on the machine that they are of' {
        $config = (Get-GpuTopology -Path $TwoGpus).Gpus | Where-Object Name -Like '*2080*' | New-LlmServerConfig -Model $Model
        $config.Devices.Uuid | Should -Be 'GPU-22222222-0000-0000-0000-000000000000'
        $config.Plan.Devices[0].TotalBytes | Should -Be 23622320128
        $config.Plan.Host.TotalBytes | Should -Be 137438953472
    }

    It 'needs no engine for another machine' {
        $warnings = @()
        $config = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Model -WarningVariable warnings
        $config.EnginePath | Should -BeNullOrEmpty
        $warnings | Should -BeNullOrEmpty
    }

    It 'plans with a warning where no engine is found' {
        $before = $env:LLMOPS_LLAMA_SERVER, $env:PATH
        try {
            $env:LLMOPS_LLAMA_SERVER = $null
            $env:PATH = Join-Path $Sandbox 'empty'
            $config = New-LlmServerConfig -Model $Model -WarningVariable warnings -WarningAction SilentlyContinue
            $config.Name | Should -Be 'tiny'
            $warnings.Count | Should -Be 1
            "$($warnings[0])" | Should -Match 'No llama-server was found'
        }
        finally {
            $env:LLMOPS_LLAMA_SERVER, $env:PATH = $before
        }
    }

    It 'keeps what the user fixes' {
        $config = Get-GpuTopology -Path $TwoGpus |
            New-LlmServerConfig -Model $Model -Name fixed -Alias me -ContextLength 2048 -Parallel 2 -Port 9123 -HostName 127.0.0.2 -ExtraArgument '--no-webui'
        $config.Name | Should -Be 'fixed'
        $config.Alias | Should -Be 'me'
        $config.Options['contextLength'] | Should -Be 2048
        $config.Options['parallel'] | Should -Be 2
        $config.Endpoint.Port | Should -Be 9123
        $config.Endpoint.Host | Should -Be '127.0.0.2'
        $config.ExtraArguments | Should -Be '--no-webui'
    }

    It 'takes pins by the engine''s own flag names, in every culture alike' {
        $culture = [cultureinfo]::CurrentCulture
        try {
            [cultureinfo]::CurrentCulture = 'de-DE'
            $config = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Model -Option @{ 'ctx-size' = 1024; '--tensor-split' = 1.5, 1; 'mlock' = $true }
            $config.Options['contextLength'] | Should -Be 1024
            $config.Options['tensorSplit'] | Should -Be 1.5, 1
            $config.Options['memoryLock'] | Should -BeTrue
            ($config.Decisions | Where-Object Option -EQ 'contextLength').Pinned | Should -BeTrue
        }
        finally {
            [cultureinfo]::CurrentCulture = $culture
        }
    }

    It 'warns of each problem of a plan that does not fit, and gives the plan' {
        $config = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Model -Option @{ 'n-gpu-layers' = 99; 'ctx-size' = 2000000000 } -WarningVariable warnings -WarningAction SilentlyContinue
        $config.Problems.Count | Should -BeGreaterThan 0
        $warnings.Count | Should -Be $config.Problems.Count
        "$($warnings[0])" | Should -BeLike "*$($config.Problems[0].Message)*"
    }

    It 'gives a config that shows its reasons when asked to explain' {
        $config = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Model -Explain
        $config.GetType().FullName | Should -Be 'LlmOps.Configuration.ServerConfig'
        $text = $config | Out-String -Width 200
        foreach ($decision in $config.Decisions) {
            $text | Should -BeLike "*$($decision.Option) = $($decision.Value)*"
        }
    }

    It 'shows the options and the memory by default' {
        $text = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Model | Out-String -Width 200
        $text | Should -Match 'Devices\s+: CUDA\d'
        $text | Should -Match 'contextLength: \d+'
        $text | Should -Match 'Memory\s+: CUDA\d: [\d.]+ [MG]iB of [\d.]+ GiB'
    }

    It 'says that the model is not there' {
        { New-LlmServerConfig -Model ./none.gguf -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,LlmOps.Commands.NewLlmServerConfigCommand'
    }

    It 'refuses what it cannot do yet: <Parameter> <Value>' -ForEach @(
        @{ Parameter = 'Engine'; Value = 'tgi' }
        @{ Parameter = 'Runtime'; Value = 'kvm' }
        @{ Parameter = 'Mode'; Value = 'wild' }
    ) {
        $arguments = @{ Model = $Model; $Parameter = $Value }
        { New-LlmServerConfig @arguments } | Should -Throw -ErrorId '*,LlmOps.Commands.NewLlmServerConfigCommand' -ExpectedMessage "*$Value*"
    }

    It 'names a pin whose value is none, and what it takes' {
        { Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Model -Option @{ 'ctx-size' = 'many' } -ErrorAction Stop } |
            Should -Throw -ErrorId 'PinInvalid,LlmOps.Commands.NewLlmServerConfigCommand' -ExpectedMessage '*ctx-size*many*whole number*'
        { Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Model -Option @{ 'ctx-size' = $null } -ErrorAction Stop } |
            Should -Throw -ErrorId 'OptionNotUsable,*'
    }

    It 'gives lists that can be indexed' {
        $config = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Model
        @($config.Decisions[0]).Count | Should -Be 1
        @($config.Plan.Devices[0]).Count | Should -Be 1
    }

    It 'completes <Line>' -ForEach @(
        @{ Line = 'New-LlmServerConfig -Engine l'; Expected = 'llama.cpp' }
        @{ Line = 'New-LlmServerConfig -Runtime p'; Expected = 'process' }
        @{ Line = 'New-LlmServerConfig -Mode S'; Expected = 'Stable' }
        @{ Line = 'New-LlmServerConfig -KvCacheType q8'; Expected = 'q8_0' }
    ) {
        (Get-Completion $Line).CompletionText | Should -Contain $Expected
    }
}

Describe 'Objects from jobs and remote sessions' {
    It 'come back as topologies that can be planned for' {
        $topology = Copy-ThroughSerialisation (Get-GpuTopology -Path $TwoGpus)
        $config = $topology | New-LlmServerConfig -Model $Model
        $config.Plan.Host.TotalBytes | Should -Be 137438953472
        $config.Devices.Count | Should -BeGreaterThan 0
    }

    It 'come back as GPUs that remember their machine' {
        $gpus = (Get-GpuTopology -Path $TwoGpus).Gpus | ForEach-Object { Copy-ThroughSerialisation $_ }
        $config = $gpus[1] | New-LlmServerConfig -Model $Model
        $config.Devices.Uuid | Should -Be 'GPU-22222222-0000-0000-0000-000000000000'
        $config.Plan.Host.TotalBytes | Should -Be 137438953472
    }

    It 'come back as configurations with all their options' {
        $config = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Model -Name traveller -ContextLength 3072
        $copy = Copy-ThroughSerialisation $config
        ($copy | Export-LlmServerConfig) | Should -Be ($config | Export-LlmServerConfig)
    }

    It 'come back from a real job' {
        $job = Start-Job -ScriptBlock { Import-Module $using:ModulePath; Get-GpuTopology -Path $using:TwoGpus }
        $topology = $job | Receive-Job -Wait -AutoRemoveJob
        ($topology | New-LlmServerConfig -Model $Model).Plan.Host.TotalBytes | Should -Be 137438953472
    }
}

Describe 'Export-LlmServerConfig and Import-LlmServerConfig' {
    BeforeAll {
        $Config = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Model -Name round -Port 9200
    }

    It 'gives text that a person can read, with the reasons, when no path is given' {
        $text = $Config | Export-LlmServerConfig
        $text | Should -BeOfType ([string])
        $text | Should -Match '(?m)^name: round'
        $text | Should -Match '#'
    }

    It 'writes a file and reads the same configuration back' {
        $Config | Export-LlmServerConfig ./round.yaml
        $back = Import-LlmServerConfig ./round.yaml
        $back.Name | Should -Be 'round'
        $back.Endpoint.Port | Should -Be 9200
        $back.Devices.Uuid | Should -Be $Config.Devices.Uuid
        ($back | Export-LlmServerConfig) | Should -Be ($Config | Export-LlmServerConfig)
    }

    It 'writes one file a server into a folder' {
        New-Item -ItemType Directory (Join-Path $Sandbox 'all') | Out-Null
        $other = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Model -Name second
        $files = $Config, $other | Export-LlmServerConfig ./all -PassThru
        $files.Name | Should -Be 'round.yaml', 'second.yaml'
        (Import-LlmServerConfig ./all/*.yaml).Name | Should -Be 'round', 'second'
        (Get-ChildItem ./all | Import-LlmServerConfig).Name | Should -Be 'round', 'second'
    }

    It 'writes nothing with -WhatIf' {
        $Config | Export-LlmServerConfig ./never.yaml -WhatIf
        './never.yaml' | Should -Not -Exist
    }

    It 'replaces no file with -NoClobber' {
        Set-Content ./mine.yaml 'mine'
        { $Config | Export-LlmServerConfig ./mine.yaml -NoClobber -ErrorAction Stop } |
            Should -Throw -ErrorId 'FileExists,LlmOps.Commands.ExportLlmServerConfigCommand'
        Get-Content ./mine.yaml | Should -Be 'mine'
    }

    It 'names line and column of <Case>' -ForEach @(
        @{ Case = 'a key that is none'; Line = 'contextt: 5' }
        @{ Case = 'a value of the wrong kind'; Line = 'devices: 5' }
    ) {
        $text = ($Config | Export-LlmServerConfig) + "`n$Line`n"
        Set-Content ./wrong.yaml $text
        $number = ($text -split "`n").IndexOf($Line) + 1
        { Import-LlmServerConfig ./wrong.yaml -ErrorAction Stop } | Should -Throw -ExpectedMessage "*wrong.yaml*$number*"
        $Error[0].Exception.Message | Should -Not -Match "`n"
        $Error[0].FullyQualifiedErrorId | Should -BeLike '*,LlmOps.Commands.ImportLlmServerConfigCommand'
    }
}

Describe 'Test-LlmServerConfig' {
    It 'passes a configuration that can start' {
        Assert-Engine
        $config = New-LlmServerConfig -Model $Model -Port (Get-FreePort)
        $results = $config | Test-LlmServerConfig
        $results[0].PSTypeNames[0] | Should -Be 'LlmOps.Diagnostics.CheckResult'
        ($results | Where-Object Id -EQ 'engine.flags').Status | Should -Be 'Pass'
        ($results | Where-Object Id -EQ 'model.fits').Status | Should -Be 'Pass'
        $config | Test-LlmServerConfig -Quiet | Should -BeTrue
    }

    It 'fails one whose port is taken' {
        Assert-Engine
        $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
        $listener.Start()
        try {
            $config = New-LlmServerConfig -Model $Model -Port $listener.LocalEndpoint.Port
            ($config | Test-LlmServerConfig | Where-Object Status -EQ Fail).Category | Should -Contain 'Network'
            $config | Test-LlmServerConfig -Quiet | Should -BeFalse
        }
        finally {
            $listener.Stop()
        }
    }
}
