BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Lines = @(
        'main: loading model'
        'error while loading shared libraries: libggml-base.so.0: cannot open shared object file: No such file or directory'
    )
    Set-Content ./server.log $Lines
}

AfterAll { Exit-Sandbox }

Describe 'Resolve-LlmServerFault' {
    It 'finds the cause in <Case>' -ForEach @(
        @{ Case = 'lines from the pipeline'; Find = { $Lines | Resolve-LlmServerFault } }
        @{ Case = 'one text of many lines'; Find = { Resolve-LlmServerFault -InputObject ($Lines -join "`r`n") } }
        @{ Case = 'lines read by Get-Content'; Find = { Get-Content ./server.log | Resolve-LlmServerFault } }
        @{ Case = 'a file by path'; Find = { Resolve-LlmServerFault -Path ./serv*.log } }
        @{ Case = 'a file by literal path'; Find = { Resolve-LlmServerFault -LiteralPath ./server.log } }
        @{ Case = 'a file from the pipeline'; Find = { Get-Item ./server.log | Resolve-LlmServerFault } }
    ) {
        $findings = @(& $Find)
        $findings.Count | Should -Be 1
        $findings[0].PSTypeNames[0] | Should -Be 'LlmOps.Diagnostics.FaultFinding'
        $findings[0].Id | Should -Be 'loader.engine-library-missing'
        $findings[0].LineNumber | Should -Be 2
        $findings[0].Remedy | Should -Not -BeNullOrEmpty
    }

    It 'finds nothing in a log without faults' {
        'all is well' | Resolve-LlmServerFault | Should -BeNullOrEmpty
        '' | Resolve-LlmServerFault | Should -BeNullOrEmpty
    }

    It 'shows cause and remedy' {
        $text = $Lines | Resolve-LlmServerFault | Out-String -Width 200
        $text | Should -Match 'Cause\s+: \S'
        $text | Should -Match 'Remedy\s+: \S'
        $text | Should -Match 'Line\s+: 2: error while loading'
    }

    It 'says that a file is not there' {
        { Resolve-LlmServerFault -Path ./none.log -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,LlmOps.Commands.ResolveLlmServerFaultCommand'
    }
}
