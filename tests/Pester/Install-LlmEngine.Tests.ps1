BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $DataBefore = $env:XDG_DATA_HOME
    $env:XDG_DATA_HOME = Join-Path $Sandbox 'data'
    $env:LLMOPS_LLAMA_SERVER = $null
    $PathBefore = $env:PATH
    $Tools = New-Item -ItemType Directory (Join-Path $Sandbox 'tools')
    $Sources = New-Item -ItemType Directory (Join-Path $Sandbox 'sources')
    Set-Content (Join-Path $Sources 'CMakeLists.txt') ''

    function New-Tool([string] $Name, [string] $Script) {
        $file = Join-Path $Tools $Name
        [IO.File]::WriteAllText($file, "#!/bin/sh`n$Script`n")
        chmod +x $file
        $file
    }

    $server = New-Tool 'template-server' @'
case "$1" in --version) echo 'version: 9021 (666e2fc04)' ;; *) printf '%s\n' '-c,    --ctx-size N    size' '--port PORT    port' ;; esac
'@
    New-Tool 'g++' 'exit 0' | Out-Null
    New-Tool 'make' 'exit 0' | Out-Null
    New-Tool 'cmake' "[ `"`$1`" = --build ] || exit 0`nmkdir -p `"`$2/bin`" && cp '$server' `"`$2/bin/llama-server`"" | Out-Null
    New-Tool 'docker' 'echo Cannot connect to the Docker daemon >&2; exit 1' | Out-Null
    $env:PATH = "$Tools$([IO.Path]::PathSeparator)/usr/bin$([IO.Path]::PathSeparator)/bin"
    $Build = @{ Source = 'Build'; Backend = 'Cpu'; SourcePath = "$Sources"; Name = 'mine' }
}

AfterAll {
    $env:PATH = $PathBefore
    $env:XDG_DATA_HOME = $DataBefore
    Exit-Sandbox
}

Describe 'Install-LlmEngine' {
    It 'prints the exact steps with -WhatIf and does nothing' {
        $module = (Get-Module LlmOps).Path
        $said = & $Pwsh -NoProfile -NonInteractive -Command "Import-Module '$module'; Install-LlmEngine -Source Build -Backend Cpu -SourcePath '$Sources' -WhatIf" | Out-String -Width 2000
        $said | Should -Match 'What if: Install llama\.cpp'
        $said | Should -Match '1\. Configure: env -i PATH='
        $said | Should -Match 'cmake --build \S+ -j \d+ --target llama-server'
        Join-Path $Sandbox 'data' | Should -Not -Exist
    }

    It 'gives the plan as an object, with a source out of reach named' {
        $plan = Get-GpuTopology -Path $TwoGpus | Install-LlmEngine -Source Docker -PlanOnly
        $plan.Origin | Should -Be 'ghcr.io/ggml-org/llama.cpp:server-cuda'
        $plan.Problem | Should -Be 'docker does not answer: Cannot connect to the Docker daemon'
        $plan.Steps[0].Text | Should -BeLike '*docker pull ghcr.io/ggml-org/llama.cpp:server-cuda'
        { Install-LlmEngine -Source Docker -Backend Cuda -Confirm:$false } | Should -Throw -ErrorId 'EngineInstallFailed*'
    }

    It 'does not install for another machine' {
        { Get-GpuTopology -Path $TwoGpus | Install-LlmEngine @Build -Confirm:$false } | Should -Throw -ErrorId 'TopologyOfAnotherMachine*'
    }

    It 'installs, is found, and is removed' {
        $install = Install-LlmEngine @Build -Confirm:$false
        $install.Name | Should -Be 'mine'
        $install.Version | Should -Be 'b9021'
        $install.Path | Should -Exist
        (Get-LlmEngine -Engine llama.cpp)[0].Path | Should -Be $install.Path
        ($install | Get-LlmEngine).Path | Should -Be $install.Path
        (Get-LlmEngine -Installed).Name | Should -Be 'mine'
        (Get-Completion 'Uninstall-LlmEngine mi').CompletionText | Should -Be 'mine'
        { Install-LlmEngine @Build -Confirm:$false } | Should -Throw -ErrorId 'EngineInstallExists*'

        $install | Uninstall-LlmEngine -WhatIf
        $install.Path | Should -Exist
        Uninstall-LlmEngine mi* -Confirm:$false
        $install.Folder | Should -Not -Exist
        Get-LlmEngine -Installed | Should -BeNullOrEmpty
        { Uninstall-LlmEngine mine -Confirm:$false } | Should -Throw -ErrorId 'EngineInstallNotFound*'
    }
}
