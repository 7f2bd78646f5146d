BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Config = New-LlmServerConfig -Model (Get-TestModel) -Name chat -Alias 'my model' -Port 8126 -ContextLength 1024
}

AfterAll { Exit-Sandbox }

Describe 'Export-LlmClientConfig' {
    It '<Client> is told of a planned server: <Says>' -ForEach @(
        @{ Client = 'OpenAI'; Says = 'OPENAI_BASE_URL=http://127.0.0.1:8126/v1' }
        @{ Client = 'OpenClaw'; Says = '"primary": "chat/my model"' }
        @{ Client = 'OneApi'; Says = '"base_url": "http://127.0.0.1:8126"' }
        @{ Client = 'PageAssist'; Says = '"provider": "llamacpp"' }
        @{ Client = 'CherryStudio'; Says = 'cherrystudio://providers/api-keys?v=1&data=' }
    ) {
        $Config | Export-LlmClientConfig -Client $Client | Should -BeLike "*$Says*"
    }

    It 'writes a file of the usual name, for clients on other machines' {
        $file = $Config | Export-LlmClientConfig -Client OneApi -Path $Sandbox -HostName gpu-box -PassThru
        $file.Name | Should -Be 'chat.one-api.json'
        (Get-Content -Raw $file | ConvertFrom-Json).base_url | Should -Be 'http://gpu-box:8126'
        { $Config | Export-LlmClientConfig -Client OneApi -Path $file -NoClobber -ErrorAction Stop } | Should -Throw -ErrorId 'FileExists,LlmOps.Commands.ExportLlmClientConfigCommand'
        $Config | Export-LlmClientConfig -Path ./never.sh -WhatIf
        './never.sh' | Should -Not -Exist
    }

    It 'says with -Verbose what to do with it' {
        ($Config | Export-LlmClientConfig -Client PageAssist -Verbose 4>&1 | Out-String) | Should -Match 'Import it'
    }

    It 'names a server that is not there, and an address that is none' {
        { Export-LlmClientConfig nobody -ErrorAction Stop } | Should -Throw -ErrorId 'ServerNotFound,LlmOps.Commands.ExportLlmClientConfigCommand'
        { $Config | Export-LlmClientConfig -HostName 'no host' -ErrorAction Stop } | Should -Throw -ErrorId 'HostNameInvalid,LlmOps.Commands.ExportLlmClientConfigCommand'
    }

    It 'gives a client what a running server answers to' {
        Assert-Engine
        $server = New-LlmServerConfig -Model (Get-TestModel) -Name told -Alias 'the one' -Port (Get-FreePort) -ContextLength 1024 -Parallel 1 | Start-LlmServer
        $settings = Export-LlmClientConfig told -Client OpenClaw | ConvertFrom-Json
        $provider = $settings.models.providers.told
        (Invoke-RestMethod "$($provider.baseUrl)/models").data[0].id | Should -Be $provider.models[0].id
        $provider.models[0].contextWindow | Should -Be $server.ContextLength
        $null = $server | Stop-LlmServer
    }
}
