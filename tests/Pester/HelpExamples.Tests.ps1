# Every example of Get-Help, and every topic, is run here as it is written.
BeforeDiscovery {
    . $PSScriptRoot/common.ps1
    $Examples = foreach ($command in Get-Command -Module LlmOps) {
        foreach ($example in (Get-Help $command.Name -Full).examples.example) {
            @{ Command = $command.Name; Title = ($example.title -replace '^[- ]+Example \d+: |[- ]+$'); Code = $example.code }
        }
    }

    $Topics = foreach ($file in Get-ChildItem (Join-Path $ModulePath 'en-US') -Filter 'about_*.help.txt') {
        @{ Topic = $file.Name -replace '\.help\.txt$'; Code = (Get-Content $file | Where-Object { $_ -match '^ {8}|^$' }) -replace '^ {8}' -join "`n" }
    }
}

BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    Copy-Item (Get-TestModel) ./model.gguf
    Copy-Item $TwoGpus ./topology.json
    Set-Content ./server.log 'main: loading model', 'error while loading shared libraries: libggml-base.so.0: cannot open shared object file: No such file or directory'
    Set-Content ./prompts.jsonl '{"prompt": "What is a GPU?"}', '{"messages": [{"role": "user", "content": "Why is the sky blue?"}]}'
    Set-Content ./api.key 'a-key-of-the-tests'
    chmod 600 ./api.key

    # These rightly give nothing: what they look for is not there, or they write a file.
    $Silent = @(
        'Remove-LlmServer: *'
        'Uninstall-LlmEngine: *'
        'Get-LlmEnvironmentFix: *'
        'Undo-LlmEnvironmentFix: *'
        'Install-LlmEngine: See the steps first'
        'Restart-LlmServer: All that failed'
        'Get-LlmServer: Those that ended by themselves'
        'Resolve-LlmServerFault: A server of this machine'
        'Resolve-LlmServerFault: All that failed'
        'Get-GpuTopology: Watch the GPUs'
        'Get-LlmEngine: The devices that the engine sees'
        'Export-LlmServerConfig: Keep a plan'
        'Export-LlmReport: Save a baseline'
        'Get-LlmChatTemplate: Keep it to edit'
        'Compare-LlmThroughput: Fail a nightly run that got slower'
        'Stop-LlmServer: See what would be stopped'
        'Start-LlmServer: See the exact command line, and start nothing'
        'Test-LlmServerConfig: *'
        'Test-LlmEnvironment: *'
        'Test-LlmChatTemplate: What the running server makes of it'
        'Get-LlmServerLog: What it says about memory'
    )

    if ($env:LLMOPS_TEST_ENGINE) {
        New-LlmServerConfig -Model ./model.gguf -Name chat -Port (Get-FreePort) -ContextLength 2048 -Parallel 2 | Export-LlmServerConfig ./server.yaml
    }

    # What an example leaves to defaults is kept small here: it is run to see that it works, not for its figures.
    $PSDefaultParameterValues = @{
        'Measure-LlmThroughput:PromptTokens' = 16
        'Measure-LlmThroughput:OutputTokens' = 8
        'Measure-LlmThroughput:Warmup' = 0
    }

    function Stop-Everything {
        Get-LlmServer | Where-Object State -NotIn Stopped, Failed | Stop-LlmServer -GraceSec 1 | Out-Null
    }

    # A server 'chat' runs where the example speaks of it, and none does where the example starts it.
    function Initialize-Server([string] $Code) {
        if ($Code -match 'Start-LlmServer|server\.yaml' -or $Code -notmatch '\bchat\b|LlmServer\b') {
            Stop-Everything
        }
        elseif ((Get-LlmServer chat -ErrorAction Ignore).State -ne 'Ready') {
            Stop-Everything
            Start-LlmServer ./server.yaml -TimeoutSec 120 | Out-Null
        }
    }
}

AfterAll { Exit-Sandbox }

Describe 'The example of <Command>' -ForEach $Examples {
    It '"<Title>" works as it is written' {
        Assert-Engine
        Initialize-Server $Code
        if ($Code -match 'before\.json' -and -not (Test-Path ./before.json)) {
            Measure-LlmThroughput chat -Request 8 -OutputTokens 16 -WarningAction SilentlyContinue | Export-LlmReport ./before.json
        }

        $output = @(& ([scriptblock]::Create("`$WarningPreference = 'SilentlyContinue'; $Code")))
        if (-not ($Silent | Where-Object { "${Command}: $Title" -like $_ })) {
            $output.Count | Should -BeGreaterThan 0
        }
    }
}

Describe 'The topic <Topic>' -ForEach $Topics {
    It 'has code that works as it is written' {
        Assert-Engine
        Initialize-Server ($Topic -eq 'about_LlmOps_Measuring' ? 'chat' : 'Start-LlmServer')
        @(& ([scriptblock]::Create("`$WarningPreference = 'SilentlyContinue'; $Code"))).Count | Should -BeGreaterThan 0
        Stop-Everything
    }
}
