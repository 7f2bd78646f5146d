# The cmdlets live in an AssemblyLoadContext of their own, so that their packages cannot clash with those of other modules.
# Add-Type does nothing when the same file is loaded already (Import-Module -Force, further runspaces of one process).
$ErrorActionPreference = 'Stop'
Add-Type -Path ([System.IO.Path]::Combine($PSScriptRoot, 'bin', 'LlmOps.Loader.dll'))
$inner = Import-Module -Assembly ([LlmOps.Loader.LoadContext]::Initialize()) -PassThru

# Objects that come back from jobs and remote sessions become live ones again. Said here and not in the manifest, whose type
# data is processed before the types that these lines name are loaded.
foreach ($type in [LlmOps.Binding.Revival]::Types) {
    Update-TypeData -TypeName $type.FullName -TypeConverter ([LlmOps.Binding.RevivingConverter]) -Force
    Update-TypeData -TypeName "Deserialized.$($type.FullName)" -TargetTypeForDeserialization $type -Force
}

# PowerShell does not export the cmdlets of an inner module that is still loaded when the outer one is imported again
# (https://github.com/PowerShell/PowerShell/issues/20710), so it goes together with this one.
$ExecutionContext.SessionState.Module.OnRemove = { Remove-Module -ModuleInfo $inner -Force }.GetNewClosure()
