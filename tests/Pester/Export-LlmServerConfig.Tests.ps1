# The forms of other tools, read by PowerShell's own parser and a real llama-server; the schemas of the others are held against them in LlmOps.Core.Tests.
BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Model = Get-TestModel
    $Port = Get-FreePort
    $Key = Join-Path $Sandbox 'the key'
    Set-Content $Key 'secret-of-the-test'
    chmod 600 $Key
    $One = New-LlmServerConfig -Model $Model -Name one -Alias "it's one" -Port $Port -ContextLength 1024 -Parallel 1 -ApiKeyFile $Key
    $Two = New-LlmServerConfig -Model $Model -Name two -Port (Get-FreePort) -ContextLength 2048 -Parallel 2
    $Cards = Get-GpuTopology -Path $TwoGpus | New-LlmServerConfig -Model $Model -Name cards -Port 8123
}

AfterAll { Exit-Sandbox }

Describe 'Export-LlmServerConfig -As' {
    It '<_> has no secret and is one text' -ForEach 'Yaml', 'Bash', 'PowerShell', 'DockerRun', 'Compose', 'Systemd', 'Kubernetes', 'LlamaSwap', 'PresetIni' {
        $text = $One | Export-LlmServerConfig -As $_
        @($text).Count | Should -Be 1
        $text | Should -Not -Match 'secret-of-the-test'
        $text | Should -Match 'the key'
    }

    It 'names the forms on Tab' {
        (Get-Completion 'Export-LlmServerConfig -As ').CompletionText | Should -Be @('Bash', 'Compose', 'DockerRun', 'Kubernetes', 'LlamaSwap', 'PowerShell', 'PresetIni', 'Systemd', 'Yaml') -Because 'each is one'
    }

    It 'PowerShell parses' {
        $errors = $null
        $script = $One | Export-LlmServerConfig -As PowerShell
        [void][System.Management.Automation.Language.Parser]::ParseInput($script, [ref] $null, [ref] $errors)
        $errors | Should -BeNullOrEmpty
        $script | Should -Match "'it''s one'"
    }

    It '<As> has all servers of the pipeline in one file, <File>' -ForEach @(
        @{ As = 'Compose'; File = 'compose.yaml'; Mark = '(?m)^  \w+:\n    image:' }
        @{ As = 'Kubernetes'; File = 'kubernetes.yaml'; Mark = 'kind: Deployment' }
        @{ As = 'LlamaSwap'; File = 'llama-swap.yaml'; Mark = 'cmd: ' }
        @{ As = 'PresetIni'; File = 'models.ini'; Mark = '(?m)^model = ' }
    ) {
        $written = $One, $Two | Export-LlmServerConfig $Sandbox -As $As -PassThru
        $written.Name | Should -Be $File
        [regex]::Matches((Get-Content -Raw $written), $Mark).Count | Should -Be 2
    }

    It 'reserves the cards of the plan' {
        $Cards | Export-LlmServerConfig -As DockerRun | Should -Match '--gpus ''"device=GPU-'
        $Cards | Export-LlmServerConfig -As Kubernetes | Should -Match "nvidia.com/gpu: `"$($Cards.Devices.Count)`""
    }

    It "PresetIni is read by llama-server's own reader, value by value" {
        Assert-Engine
        $one, $two | Export-LlmServerConfig ./models.ini -As PresetIni
        $server = Start-Process $env:LLMOPS_TEST_ENGINE -PassThru -RedirectStandardError ./router.err -RedirectStandardOutput ./router.out -ArgumentList @(
            '--models-preset', "$Sandbox/models.ini", '--host', '127.0.0.1', '--port', $Port)
        try {
            $limit = [datetime]::UtcNow.AddSeconds(60)
            $models = $null
            while (-not $models) {
                try {
                    $models = Invoke-RestMethod "http://127.0.0.1:$Port/v1/models" -ConnectionTimeoutSeconds 5
                } catch {
                    if ($server.HasExited -or [datetime]::UtcNow -gt $limit) { throw "$_; $(Get-Content -Raw ./router.err)" }
                    Start-Sleep -Milliseconds 100
                }
            }
        } finally {
            $server | Stop-Process
        }

        $twoName = $Two.Alias ?? $Two.Name
        $models.data.id | Should -Contain "it's one"
        $arguments = ($models.data | Where-Object id -EQ $twoName).status.args
        foreach ($option in '--ctx-size', '--parallel', '--model') {
            $arguments[[array]::IndexOf($arguments, $option) + 1] | Should -Be @{ '--ctx-size' = 2048; '--parallel' = 2; '--model' = $Model }[$option]
        }
    }

    It 'a script may be executed, and starts the server with the arguments added' {
        Assert-Engine
        $file = $Two | Export-LlmServerConfig ./run-two.sh -As Bash -PassThru
        ([int][System.IO.File]::GetUnixFileMode($file.FullName) -band 0x49) | Should -Be 0x49 -Because 'everybody may execute it'
        (& $file.FullName --version 2>&1 | Out-String) | Should -Match 'version'
    }

    It 'says what a form cannot' {
        $odd = New-LlmServerConfig -Model $Model -Name odd -Port 8124 -ExtraArgument '--grammar', 'root ::= "a" # b'
        { $odd | Export-LlmServerConfig -As PresetIni -ErrorAction Stop } | Should -Throw -ErrorId 'PresetCannotSay,LlmOps.Commands.ExportLlmServerConfigCommand'
        { $Two | Export-LlmServerConfig -As Nonsense } | Should -Throw -ErrorId 'CannotConvertArgumentNoMessage,LlmOps.Commands.ExportLlmServerConfigCommand'
    }

    It 'writes nothing under -WhatIf' {
        $One | Export-LlmServerConfig ./never.yaml -As Compose -WhatIf
        './never.yaml' | Should -Not -Exist
    }
}
