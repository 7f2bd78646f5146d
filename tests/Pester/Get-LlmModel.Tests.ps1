BeforeAll {
    . $PSScriptRoot/common.ps1
    Enter-Sandbox
    $Model = Get-TestModel
}

AfterAll { Exit-Sandbox }

Describe 'Get-LlmModel' {
    It 'tells what a model says of itself' {
        $description = Get-LlmModel $Model
        $description.PSTypeNames[0] | Should -Be 'LlmOps.Models.ModelDescription'
        $description.Architecture | Should -Be 'llama'
        $description.LayerCount | Should -Be 4
        $description.SizeBytes | Should -BeLessThan (Get-Item $Model).Length
        $description.ChatTemplate.Present | Should -BeTrue
    }

    It 'resolves paths against the location of PowerShell, not of the process' {
        $folder = New-Item -ItemType Directory (Join-Path $Sandbox 'models')
        Copy-Item $Model (Join-Path $folder 'here.gguf')
        Push-Location $folder
        try {
            (Get-LlmModel ./here.gguf).Path | Should -Be (Join-Path $folder 'here.gguf')
            (Get-LlmModel *.gguf).Path | Should -Be (Join-Path $folder 'here.gguf')
        }
        finally {
            Pop-Location
        }
    }

    It 'takes paths and files from the pipeline' {
        ($Model | Get-LlmModel).Architecture | Should -Be 'llama'
        (Get-Item $Model | Get-LlmModel).Architecture | Should -Be 'llama'
    }

    It 'shows a table with the size in units' {
        Get-LlmModel $Model | Out-String -Width 200 | Should -Match 'tiny-random\s+llama\s+3\.4 M\s+F16\s+6\.51 MiB\s+8192\s+4'
    }

    It 'refuses a file that is <Case>, in one line that names it' -ForEach @(
        @{ Case = 'truncated'; Make = { param($from, $to) [System.IO.File]::WriteAllBytes($to, [System.IO.File]::ReadAllBytes($from)[0..4000]) } }
        @{ Case = 'not GGUF'; Make = { param($from, $to) Set-Content $to 'hello' } }
        @{ Case = 'empty'; Make = { param($from, $to) [System.IO.File]::WriteAllBytes($to, @()) } }
    ) {
        $path = Join-Path $Sandbox "bad-$($Case -replace ' ', '-').gguf"
        & $Make $Model $path
        $found = Get-LlmModel $path -ErrorVariable problem -ErrorAction SilentlyContinue
        $found | Should -BeNullOrEmpty
        $problem.Count | Should -Be 1
        $problem[0].Exception.Message | Should -Not -Match "`n"
        $problem[0].Exception.Message | Should -Match ([regex]::Escape((Split-Path -Leaf $path)))
        $problem[0].FullyQualifiedErrorId | Should -Match '^[A-Z]\w+,LlmOps\.Commands\.GetLlmModelCommand$'
    }

    It 'says that nothing is there' {
        { Get-LlmModel ./nothing.gguf -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,LlmOps.Commands.GetLlmModelCommand'
        { Get-LlmModel ./nothing*.gguf -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,LlmOps.Commands.GetLlmModelCommand'
    }

    It 'completes model files and folders only' {
        New-Item -ItemType Directory (Join-Path $Sandbox 'complete') | Out-Null
        Set-Content (Join-Path $Sandbox 'complete' 'a.gguf') ''
        Set-Content (Join-Path $Sandbox 'complete' 'a.txt') ''
        (Get-Completion "Get-LlmModel $(Join-Path $Sandbox 'complete')/").ListItemText | Should -Be 'a.gguf'
    }
}
