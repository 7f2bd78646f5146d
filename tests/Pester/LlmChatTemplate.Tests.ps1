BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Model = Get-TestModel
    $Strict = Join-Path $Sandbox 'strict.jinja'
    "{%- if m.role == 'system' %}S{%- elif m.role == 'user' %}U{%- else %}{{ raise_exception('Unexpected message role.') }}{%- endif %}" | Set-Content $Strict -NoNewline
}

AfterAll { Exit-Sandbox }

Describe 'Get-LlmChatTemplate' {
    It 'takes the template out of a model' {
        $template = Get-LlmChatTemplate $Model
        $template.Name | Should -Be 'default'
        $template.Text | Should -Match 'role'
        (Get-LlmModel $Model | Get-LlmChatTemplate).Text | Should -Be $template.Text
    }

    It 'names the templates that are there when the name is wrong' {
        { Get-LlmChatTemplate $Model -TemplateName rag -ErrorAction Stop } | Should -Throw -ErrorId 'TemplateMissing*' -ExpectedMessage '*there is default*'
    }
}

Describe 'New-LlmChatTemplate' {
    It 'makes a variant that accepts the role' {
        $variant = New-LlmChatTemplate $Strict -AllowRole developer
        $variant.Changes | Should -Be 1
        ($variant | Test-LlmChatTemplate -Role developer).Status | Should -Be 'Accepted'
        $variant.Text | Should -Match ([regex]::Escape("m.role in ['system', 'developer']"))
    }

    It 'writes a file, and nothing with -WhatIf' {
        $file = Join-Path $Sandbox 'variant.jinja'
        Get-LlmChatTemplate $Strict | New-LlmChatTemplate -AllowRole developer -Destination $file -WhatIf
        $file | Should -Not -Exist
        (Get-LlmChatTemplate $Strict | New-LlmChatTemplate -AllowRole developer -Destination $file).FullName | Should -Be $file
        (Test-LlmChatTemplate $file -Role developer).Status | Should -Be 'Accepted'
    }

    It 'completes roles' {
        $typed = 'New-LlmChatTemplate x -AllowRole dev'
        (TabExpansion2 $typed $typed.Length).CompletionMatches.CompletionText | Should -Be 'developer'
    }
}

Describe 'Test-LlmChatTemplate' {
    It 'says which roles are refused, where, and what to do' {
        $finding = Test-LlmChatTemplate $Strict -Role developer
        $finding.Status | Should -Be 'Refused'
        $finding.Line | Should -Be 1
        $finding.Message | Should -Match 'Unexpected message role'
        $finding.Remedy | Should -Match 'New-LlmChatTemplate -AllowRole developer'
        ($Strict | Test-LlmChatTemplate | Where-Object Status -EQ Accepted).Role | Should -Be 'system', 'user'
    }

    It 'asks a running server' {
        Assert-Engine
        $config = New-LlmServerConfig -Model $Model -Name template -ContextLength 512 -Port (Get-FreePort) -WarningAction SilentlyContinue
        $config | Start-LlmServer | Out-Null
        try {
            $findings = Test-LlmChatTemplate -Server template
            $findings.Role | Should -Be 'system', 'developer', 'user', 'assistant', 'tool', 'reasoning'
            ($findings | Where-Object Role -EQ user).Status | Should -Be 'Accepted'
        }
        finally {
            Stop-LlmServer template -GraceSec 1 | Out-Null
        }
    }
}
