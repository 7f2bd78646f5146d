# Parameters that the tests of single features leave out, against one real server.
BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Model = Get-TestModel
    Set-Content ./key 'a-key-of-the-tests'
    if (-not $IsWindows) { chmod 600 ./key }
    if ($env:LLMOPS_TEST_ENGINE) {
        $Config = New-LlmServerConfig $Model -Name keyed -Port (Get-FreePort) -ContextLength 2048 -Parallel 2 -ApiKeyFile ./key
        $Config | Export-LlmServerConfig './keyed [1].yaml'
        $Server = Start-LlmServer -LiteralPath './keyed [1].yaml'
    }

    function Measure-Quickly([hashtable] $With) {
        $arguments = @{ Request = 2; PromptTokens = 16; OutputTokens = 4; Warmup = 0; WarningAction = 'SilentlyContinue' }
        $With.Keys.ForEach{ $arguments[$_] = $With[$_] }
        Measure-LlmThroughput @arguments
    }
}

AfterAll { Exit-Sandbox }

Describe 'Start-LlmServer and Restart-LlmServer' {
    It 'take a literal path' {
        Assert-Engine
        $Server.State | Should -Be 'Ready'
    }

    It 'start what others can reach without a key only when forced' {
        Assert-Engine
        $open = New-LlmServerConfig $Model -Name open -Port (Get-FreePort) -ContextLength 512 -HostName 0.0.0.0
        { $open | Start-LlmServer -ErrorAction Stop } | Should -Throw -ErrorId 'ExposedWithoutKey,LlmOps.Commands.StartLlmServerCommand'
        ($open | Start-LlmServer -Force -WarningAction SilentlyContinue).State | Should -Be 'Ready'
        Stop-LlmServer open -GraceSec 1 | Out-Null
    }

    It 'restart within a time' {
        Assert-Engine
        (Restart-LlmServer keyed -TimeoutSec 120).State | Should -Be 'Ready'
    }
}

Describe 'Keys' {
    It 'of a server by address come from -ApiKeyFile: <Command>' -ForEach @(
        @{ Command = 'Get-LlmServerMetric'; With = @{ IntervalSec = 0.05 } }
        @{ Command = 'Test-LlmChatTemplate'; With = @{ Role = 'user' } }
        @{ Command = 'Measure-LlmThroughput'; With = @{ Request = 2; PromptTokens = 16; OutputTokens = 4; Warmup = 0 } }
    ) {
        Assert-Engine
        & $Command -Uri $Server.Endpoint -ApiKeyFile ./key @With -WarningAction SilentlyContinue | Should -Not -BeNullOrEmpty
        { & $Command -Uri $Server.Endpoint -ApiKeyFile ./none @With -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,*'
    }
}

Describe 'A server by address' {
    It 'that wants a key says so: <Command>' -ForEach @(
        @{ Command = 'Test-LlmChatTemplate'; With = @{} }
        @{ Command = 'Measure-LlmThroughput'; With = @{ Request = 1 } }
    ) {
        Assert-Engine
        { & $Command -Uri $Server.Endpoint @With -ErrorAction Stop } | Should -Throw -ErrorId 'ApiKeyRefused,*'
    }

    It 'that is no server of models says so: <Id>' -ForEach @(
        @{ Id = 'ServerNotReady'; Routes = @{ '/health' = 503, '{"error":{"message":"Loading model"}}' }; Do = { Measure-LlmThroughput -Uri $args[0] -Request 1 } }
        @{ Id = 'ModelNotListed'; Routes = @{ '/health' = 200, '{}'; '/v1/models' = 200, '{"object":"list","data":[]}' }; Do = { Measure-LlmThroughput -Uri $args[0] -Request 1 } }
        @{ Id = 'ChatRequestFailed'; Routes = @{ '/health' = 200, '{}'; '/v1/models' = 200, '{"data":[{"id":"m"}]}'; '/v1/chat/completions' = 500, '{"error":{"message":"no"}}' }; Do = { Measure-LlmThroughput -Uri $args[0] -Request 1 } }
        @{ Id = 'TemplateEndpointMissing'; Routes = @{ '/health' = 200, '{}' }; Do = { Test-LlmChatTemplate -Uri $args[0] } }
    ) {
        $address = "http://127.0.0.1:$(Get-FreePort)/"
        $listener = [System.Net.HttpListener]::new()
        $listener.Prefixes.Add($address)
        $listener.Start()
        $answering = Start-ThreadJob {
            param($listener, $routes)
            while ($listener.IsListening) {
                try { $context = $listener.GetContext() } catch { return }
                $status, $body = $routes[$context.Request.Url.AbsolutePath] ?? (404, '{}')
                $context.Response.StatusCode = $status
                $bytes = [Text.Encoding]::UTF8.GetBytes($body)
                $context.Response.OutputStream.Write($bytes, 0, $bytes.Length)
                $context.Response.Close()
            }
        } -ArgumentList $listener, $Routes
        try { { & $Do $address } | Should -Throw -ErrorId "$Id,*" } finally { $listener.Close(); $answering | Remove-Job -Force }
    }
}

Describe 'Measure-LlmThroughput' {
    It 'sends <Case>' -ForEach @(
        @{ Case = 'bursts'; With = @{ Rate = 20; Arrival = 'Gamma'; Burstiness = 0.5; MaximumInFlight = 4 }; Check = { $_.Burstiness -eq 0.5 -and $_.MaximumInFlight -eq 4 -and $_.RequestRate -eq 20 } }
        @{ Case = 'a ramp and a cool-down'; With = @{ RampSec = 0.2; CoolDownSec = 0.2 }; Check = { $_.Requests -ge 2 } }
        @{ Case = 'prompts that share a beginning'; With = @{ SharedPrefixTokens = 8 }; Check = { $_.SharedPrefixTokens -eq 8 } }
        @{ Case = 'plain completions'; With = @{ Api = 'Completions' }; Check = { "$($_.Api)" -eq 'Completions' } }
        @{ Case = 'conversations'; With = @{ Turn = 2 }; Check = { $_.PromptTokens -gt 2 * 16 } }
        @{ Case = 'requests with counted chunks'; With = @{ CountChunkTokens = $true }; Check = { $_.OutputTokens -gt 0 } }
        @{ Case = 'requests that may end early'; With = @{ StopAtEnd = $true; RequestTimeoutSec = 60; StallTimeoutSec = 30 }; Check = { $_.Errors -eq 0 } }
        @{ Case = 'a model by its name'; With = @{ Model = 'tiny'; Seed = 7 }; Check = { $_.Model -eq 'tiny' } }
    ) {
        Assert-Engine
        $result = Measure-Quickly (@{ Name = 'keyed' } + $With)
        $result.Errors | Should -Be 0
        @($result | Where-Object $Check).Count | Should -Be 1 -Because ($result | Select-Object Figures | Out-String)
    }

    It 'refuses <Case>' -ForEach @(
        @{ Case = 'more combinations than wanted'; With = @{ Option = @{ 'ubatch-size' = 64, 128, 256 }; SweepLimit = 2 }; Id = 'SweepTooLarge' }
        @{ Case = 'an objective that is none'; With = @{ Slo = @{ Speed = 1 } }; Id = 'SloNotUsable' }
        @{ Case = 'a prompt file that is not there'; With = @{ PromptFile = './none.jsonl' }; Id = 'FileNotFound' }
        @{ Case = 'a beginning longer than the prompt'; With = @{ SharedPrefixTokens = 64 }; Id = 'InvalidMeasurementOption' }
        @{ Case = 'a value that a flag does not take'; With = @{ Option = @{ 'ubatch-size' = 'large' } }; Id = 'SweepOptionInvalid' }
        @{ Case = 'a flag without values'; With = @{ Option = @{ 'ubatch-size' = @() } }; Id = 'SweepEmpty' }
    ) {
        Assert-Engine
        { Measure-Quickly (@{ Name = 'keyed'; ErrorAction = 'Stop' } + $With) } | Should -Throw -ErrorId "$Id,LlmOps.Commands.MeasureLlmThroughputCommand"
    }
}

Describe 'Templates' {
    It 'are taken by their name, and a missing one is an error' {
        (Get-LlmChatTemplate $Model -TemplateName default).Name | Should -Be 'default'
        { Get-LlmChatTemplate $Model -TemplateName none -ErrorAction Stop } | Should -Throw -ErrorId '*,LlmOps.Commands.GetLlmChatTemplateCommand' -ExpectedMessage '*none*'
    }

    It 'are written, and not over others' {
        (New-LlmChatTemplate -Path $Model -AllowRole developer -Destination ./new.jinja -WarningAction SilentlyContinue).Name | Should -Be 'new.jinja'
        { New-LlmChatTemplate -Path $Model -AllowRole developer -Destination ./new.jinja -NoClobber -ErrorAction Stop -WarningAction SilentlyContinue } |
            Should -Throw -ErrorId 'FileExists,LlmOps.Commands.NewLlmChatTemplateCommand'
        New-LlmChatTemplate -Path $Model -AllowRole developer -Destination ./never.jinja -WhatIf -WarningAction SilentlyContinue
        './never.jinja' | Should -Not -Exist
    }
}
