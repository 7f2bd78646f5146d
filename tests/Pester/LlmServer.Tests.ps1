BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Model = Get-TestModel
    function New-TestConfig([string] $Name, [hashtable] $With = @{}) {
        $arguments = @{ Model = $Model; Name = $Name; Port = Get-FreePort; ContextLength = 1024; WarningAction = 'SilentlyContinue' }
        $With.Keys.ForEach{ $arguments[$_] = $With[$_] }
        New-LlmServerConfig @arguments
    }
}

AfterAll { Exit-Sandbox }

Describe 'Start-LlmServer -WhatIf' {
    It 'shows the exact command line and starts nothing' {
        Assert-Engine
        $config = New-TestConfig dry
        Export-LlmServerConfig -InputObject $config dry.yaml
        $text = Invoke-OtherSession 'Start-LlmServer ./dry.yaml -WhatIf'
        $text | Should -Match ([regex]::Escape("What if: Start server 'dry': $env:LLMOPS_TEST_ENGINE --model $Model"))
        $text | Should -Match "--port $($config.Endpoint.Port)"
        $text | Should -Match '--ctx-size 1024'
        Get-LlmServer | Should -BeNullOrEmpty
    }

    It 'quotes what a shell would take apart' {
        Assert-Engine
        $odd = Join-Path $Sandbox "it's a model.gguf"
        Copy-Item $Model $odd
        New-LlmServerConfig -Model $odd -Name odd -Port (Get-FreePort) | Export-LlmServerConfig ./odd.yaml
        $text = Invoke-OtherSession 'Start-LlmServer ./odd.yaml -WhatIf'
        $text | Should -BeLike "*--model '*/it'\''s a model.gguf' --*"
    }
}

Describe 'A server' {
    BeforeAll {
        if ($env:LLMOPS_TEST_ENGINE) {
            $Config = New-TestConfig life
            $Server = $Config | Start-LlmServer
        }
    }

    It 'is given when it is ready' {
        Assert-Engine
        @($Server).Count | Should -Be 1
        $Server.PSTypeNames[0] | Should -Be 'LlmOps.Servers.LlmServer'
        $Server.State | Should -Be 'Ready'
        $Server.Slots | Should -BeGreaterThan 0
        (Invoke-RestMethod "$($Server.Endpoint)health").status | Should -Be 'ok'
    }

    It 'is listed, by name, pattern and object' {
        Assert-Engine
        (Get-LlmServer).Name | Should -Contain 'life'
        (Get-LlmServer life).Pid | Should -Be $Server.Pid
        (Get-LlmServer 'l[h-j]f*').Name | Should -Be 'life'
        (Get-LlmServer 'no*') | Should -BeNullOrEmpty
        ($Server | Get-LlmServer).Name | Should -Be 'life'
        ($Config | Get-LlmServer).Name | Should -Be 'life'
        (Get-LlmServer $Server).Name | Should -Be 'life'
        (Copy-ThroughSerialisation $Server | Get-LlmServer).Name | Should -Be 'life'
    }

    It 'is shown in a table with what one looks for' {
        Assert-Engine
        $text = Get-LlmServer | Out-String -Width 200
        $text | Should -Match 'Name\s+State\s+Pid\s+Endpoint\s+Slots\s+Context\s+Age\s+Model'
        $text | Should -Match "life\s+.*Ready.*\s+$($Server.Pid)\s+http://127\.0\.0\.1:$($Config.Endpoint.Port)\s"
        Copy-ThroughSerialisation $Server | Out-String -Width 200 | Should -Match 'life\s+.*Ready'
    }

    It 'has a log' {
        Assert-Engine
        @(Get-LlmServerLog life -Tail 3).Count | Should -Be 3
        Get-LlmServerLog life | Should -Not -BeNullOrEmpty
        (Get-LlmServer life | Get-LlmServerLog) -join "`n" | Should -Match 'tiny'
    }

    It 'can be waited for' {
        Assert-Engine
        (Wait-LlmServer life -TimeoutSec 10).State | Should -Be 'Ready'
        { Wait-LlmServer life -State Stopped -TimeoutSec 1 -ErrorAction Stop } |
            Should -Throw -ErrorId 'ServerStopTimeout,LlmOps.Commands.WaitLlmServerCommand'
    }

    It 'keeps its name and its port for itself' {
        Assert-Engine
        { New-TestConfig life | Start-LlmServer -ErrorAction Stop } | Should -Throw -ErrorId 'ServerAlreadyRunning,LlmOps.Commands.StartLlmServerCommand'
        { New-TestConfig other @{ Port = $Config.Endpoint.Port } | Start-LlmServer -ErrorAction Stop } |
            Should -Throw -ErrorId 'PortInUse,LlmOps.Commands.StartLlmServerCommand'
        Get-LlmServer other -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'is left alone by -WhatIf' {
        Assert-Engine
        Stop-LlmServer life -WhatIf
        Restart-LlmServer life -WhatIf
        Remove-LlmServer life -Force -WhatIf
        (Get-LlmServer life).Pid | Should -Be $Server.Pid
    }

    It 'can be restarted' {
        Assert-Engine
        $again = Get-LlmServer life | Restart-LlmServer
        $again.State | Should -Be 'Ready'
        $again.Pid | Should -Not -Be $Server.Pid
        $again.Endpoint | Should -Be $Server.Endpoint
    }

    It 'is not removed while it runs' {
        Assert-Engine
        { Remove-LlmServer life -ErrorAction Stop } | Should -Throw -ErrorId 'ServerStillRunning,LlmOps.Commands.RemoveLlmServerCommand'
    }

    It 'can be followed until it ends' {
        Assert-Engine
        $follow = [powershell]::Create().AddScript("Import-Module '$ModulePath'; Get-LlmServerLog life -Follow -Tail 1")
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $pending = $follow.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
        $deadline = [datetime]::UtcNow.AddSeconds(20)
        while ($output.Count -eq 0 -and [datetime]::UtcNow -lt $deadline) { [System.Threading.Thread]::Yield() | Out-Null }
        $output.Count | Should -BeGreaterThan 0
        $stopped = Get-LlmServer life | Stop-LlmServer
        $stopped.State | Should -Be 'Stopped'
        $pending.AsyncWaitHandle.WaitOne(10000) | Should -BeTrue
        $output.Count | Should -BeGreaterThan 1
        $follow.Dispose()
    }

    It 'is stopped once: stopping it again says so and is no error' {
        Assert-Engine
        $messages = Stop-LlmServer life -Verbose -ErrorAction Stop 4>&1
        "$messages" | Should -Match "'life' is not running \(Stopped\)"
        (Wait-LlmServer life -State Stopped).State | Should -Be 'Stopped'
    }

    It 'is forgotten when it is removed' {
        Assert-Engine
        Remove-LlmServer life
        { Get-LlmServer life -ErrorAction Stop } | Should -Throw -ErrorId 'ServerNotFound,LlmOps.Commands.GetLlmServerCommand'
    }
}

Describe 'Names of servers' {
    It 'that do not exist are errors of <Command>, and patterns that match nothing are none' -ForEach @(
        'Get', 'Stop', 'Restart', 'Remove', 'Wait' | ForEach-Object { @{ Command = "$_-LlmServer" } }
        @{ Command = 'Get-LlmServerLog' }
        @{ Command = 'Resolve-LlmServerFault' }
        @{ Command = 'Measure-LlmThroughput' }
    ) {
        & $Command nobody -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'ServerNotFound,LlmOps.Commands.*'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problem[0].TargetObject | Should -Be 'nobody'
        & $Command 'no*body' -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'are completed' {
        Assert-Engine
        New-TestConfig complete-me | Start-LlmServer | Out-Null
        (Get-Completion 'Stop-LlmServer comp').CompletionText | Should -Be 'complete-me'
        (Get-Completion 'Get-LlmServerLog -Name ').CompletionText | Should -Contain 'complete-me'
        Stop-LlmServer complete-*
        Remove-LlmServer complete-me
    }
}

Describe 'A server that does not start' {
    It 'is diagnosed from its log as soon as it dies' {
        Assert-Engine
        $engine = New-FakeEngine dying "echo 'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 8192.00 MiB on device 0: cudaMalloc failed: out of memory' >&2`nexit 1"
        $config = New-TestConfig dying @{ EnginePath = $engine }
        $clock = [System.Diagnostics.Stopwatch]::StartNew()
        $config | Start-LlmServer -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $clock.Elapsed.TotalSeconds | Should -BeLessThan 10
        $problem.Count | Should -Be 1
        $problem[0].FullyQualifiedErrorId | Should -Be 'ServerFailed,LlmOps.Commands.StartLlmServerCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ResourceUnavailable'
        $problem[0].Exception.Message | Should -Not -Match "`n"
        $problem[0].Exception.Findings[0].Severity | Should -Be 'Error'
        $problem[0].ErrorDetails.RecommendedAction | Should -Be $problem[0].Exception.Findings[0].Remedy
        (Get-LlmServer dying).State | Should -Be 'Failed'
        (Get-LlmServer dying | Resolve-LlmServerFault)[0].Id | Should -Be $problem[0].Exception.Findings[0].Id
    }

    It 'leaves the next one its turn' {
        Assert-Engine
        $engine = New-FakeEngine dying 'exit 3'
        $servers = (New-TestConfig bad @{ EnginePath = $engine }), (New-TestConfig good) | Start-LlmServer -ErrorVariable problem -ErrorAction SilentlyContinue
        $servers.Name | Should -Be 'good'
        $problem.Count | Should -Be 1
        Stop-LlmServer good
    }

    It 'is given up after -TimeoutSec, and stopped' {
        Assert-Engine
        $config = New-TestConfig slow @{ EnginePath = (New-FakeEngine slow 'exec sleep 600') }
        { $config | Start-LlmServer -TimeoutSec 1 -ErrorAction Stop } | Should -Throw -ErrorId 'ServerStartTimeout,LlmOps.Commands.StartLlmServerCommand'
        $Error[0].CategoryInfo.Category | Should -Be 'OperationTimeout'
        (Get-LlmServer slow).Pid | Should -BeNullOrEmpty
    }

    It 'is not waited for with -NoWait' {
        Assert-Engine
        $server = New-TestConfig background @{ EnginePath = (New-FakeEngine slow 'exec sleep 600') } | Start-LlmServer -NoWait
        $server.State | Should -BeIn 'Starting', 'Loading'
        { Wait-LlmServer background -TimeoutSec 1 -ErrorAction Stop } | Should -Throw -ErrorId '*,LlmOps.Commands.WaitLlmServerCommand'
        (Get-LlmServer background).Pid | Should -Not -BeNullOrEmpty
        { Measure-LlmThroughput background -ErrorAction Stop } | Should -Throw -ErrorId 'ServerNotReady,LlmOps.Commands.MeasureLlmThroughputCommand'
        Stop-LlmServer background -GraceSec 1
        (Get-LlmServer background).Pid | Should -BeNullOrEmpty
    }

    It 'leaves nothing when the start is interrupted' {
        Assert-Engine
        $config = New-TestConfig interrupted @{ EnginePath = (New-FakeEngine slow 'exec sleep 600') }
        Export-LlmServerConfig -InputObject $config ./interrupted.yaml
        $shell = [powershell]::Create().AddScript("Import-Module '$ModulePath'; Start-LlmServer '$Sandbox/interrupted.yaml'")
        $pending = $shell.BeginInvoke()
        $deadline = [datetime]::UtcNow.AddSeconds(30)
        do { $server = Get-LlmServer 'interrupted*' } until ($server.Pid -or [datetime]::UtcNow -gt $deadline)
        $server.Pid | Should -Not -BeNullOrEmpty
        $shell.Stop()
        $pending.IsCompleted | Should -BeTrue
        Get-Process -Id $server.Pid -ErrorAction Ignore | Where-Object { (Get-Content "/proc/$($_.Id)/stat" -ErrorAction Ignore) -notmatch '\) Z ' } | Should -BeNullOrEmpty
        (Get-LlmServer interrupted).State | Should -Be 'Stopped'
        $shell.Dispose()
    }

    It 'is refused when nobody can be kept out' {
        Assert-Engine
        { New-TestConfig open @{ HostName = '0.0.0.0' } | Start-LlmServer -ErrorAction Stop } |
            Should -Throw -ErrorId 'ExposedWithoutKey,LlmOps.Commands.StartLlmServerCommand'
    }

    It 'is refused when its plan has problems' {
        Assert-Engine
        $config = New-TestConfig huge @{ ContextLength = 2000000000 }
        $config.Problems.Count | Should -BeGreaterThan 0
        { $config | Start-LlmServer -ErrorAction Stop } | Should -Throw -ErrorId 'PlanDoesNotFit,LlmOps.Commands.StartLlmServerCommand'
        Get-LlmServer huge -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'needs an engine' {
        $path = $env:PATH
        $named = $env:LLMOPS_LLAMA_SERVER
        try {
            $env:PATH = '/nowhere'
            $env:LLMOPS_LLAMA_SERVER = $null
            $config = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Model -Name engineless
            { $config | Start-LlmServer -ErrorAction Stop } | Should -Throw -ErrorId 'EngineNotFound,LlmOps.Commands.StartLlmServerCommand'
        }
        finally {
            $env:PATH = $path
            $env:LLMOPS_LLAMA_SERVER = $named
        }
    }

    It 'is named when its file is not there' {
        { Start-LlmServer ./none.yaml -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,LlmOps.Commands.StartLlmServerCommand'
    }
}

Describe 'Several sessions' {
    It 'see, read and stop one server, which outlives the session that started it' {
        Assert-Engine
        New-TestConfig shared | Export-LlmServerConfig ./shared.yaml
        $started = Invoke-OtherSession '(Start-LlmServer ./shared.yaml).State'
        $started.Trim() | Should -Be 'Ready'

        $server = Get-LlmServer shared
        $server.State | Should -Be 'Ready'
        (Invoke-RestMethod "$($server.Endpoint)health").status | Should -Be 'ok'
        Get-LlmServerLog shared -Tail 1 | Should -Not -BeNullOrEmpty

        $stopped = Invoke-OtherSession 'Get-LlmServer | Stop-LlmServer | Out-Null; (Get-LlmServer shared).State'
        $stopped.Trim() | Should -Be 'Stopped'
        (Get-LlmServer shared).State | Should -Be 'Stopped'
        { Invoke-RestMethod "$($server.Endpoint)health" -TimeoutSec 2 } | Should -Throw
    }
}
