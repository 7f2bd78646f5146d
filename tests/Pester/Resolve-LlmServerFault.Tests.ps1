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

Describe 'Remedies of Resolve-LlmServerFault' {
    BeforeAll {
        # A log with the configuration of its server beside it, as the folder of a server has them.
        function New-ServerFolder([string] $Name, [string[]] $Log, [hashtable] $Option = @{}) {
            $folder = New-Item -ItemType Directory (Join-Path $Sandbox $Name)
            New-LlmServerConfig -Model (Get-TestModel) -Name $Name -Topology $TwoGpus -Option $Option | Export-LlmServerConfig -Path (Join-Path $folder 'config.yaml') | Out-Null
            Set-Content (Join-Path $folder 'server.log') $Log
            Join-Path $folder 'server.log'
        }
    }

    It 'gives the folder that has libmtmd.so' {
        $engine, $null = New-Item -ItemType Directory ./engine/bin, ./engine/lib
        Set-Content ./engine/lib/libmtmd.so.0.9 ''
        $finding = "$engine/llama-server: error while loading shared libraries: libmtmd.so.0: cannot open shared object file: No such file or directory" | Resolve-LlmServerFault
        $finding.Remedy | Should -BeLike "libmtmd.so.0 is in $Sandbox/engine/lib: set LD_LIBRARY_PATH=$Sandbox/engine/lib *"
    }

    It 'names the process that has the port' {
        $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
        $listener.Start()
        try {
            $port = $listener.LocalEndpoint.Port
            $finding = @("srv  start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: $port" | Resolve-LlmServerFault)[0]
            $finding.Remedy | Should -Match "^Port $port is held by .+ \(process ${PID}: .+\)\."
        } finally {
            $listener.Stop()
        }
    }

    It 'names the device and the amount when memory was used up, and claims nothing about GPUs that are not here' {
        $log = New-ServerFolder big @(
            'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 2048.00 MiB on device 0: cudaMalloc failed: out of memory'
            'llama_kv_cache: failed to allocate buffer for kv cache'
        ) @{ 'ctx-size' = 1048576; parallel = 1; 'n-gpu-layers' = 99 }
        $finding = @(Resolve-LlmServerFault -Path $log)[0]
        $finding.Id | Should -Be 'llamacpp.kv-cache-memory'
        $finding.Remedy | Should -Match '^CUDA\d had no room for another 2\.00 GiB\. '
        $finding.Remedy | Should -Not -Match 'would (fit|make it fit)'
    }

    It 'prints the command that makes a template for a refused role, and it runs' {
        $log = New-ServerFolder strict 'got exception: Jinja Exception: Unexpected message role.'
        $finding = @(Resolve-LlmServerFault -Path $log)[0]
        $finding.Id | Should -Be 'llamacpp.role-unknown'
        $finding.Remedy | Should -Match "^(?<command>New-LlmChatTemplate -Path '[^']+' -AllowRole developer -Destination '[^']+') writes a template"
        $null = $finding.Remedy -match "^(?<command>New-LlmChatTemplate .+?\.jinja')"
        $file = & ([scriptblock]::Create($Matches.command))
        $file.FullName | Should -Be (Join-Path $Sandbox 'strict-developer.jinja')
        (Test-LlmChatTemplate $file.FullName -Role developer).Status | Should -Be 'Accepted'
    }
}
