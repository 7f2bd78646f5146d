# Errors that no test here meets. A new one needs a test; what is tested here must not stand here.
@{
    # The file of tests/ that asserts it, and why not here: it comes wrapped by the conversion of an argument, which PowerShell names by an id of its own (A);
    # a cmdlet refuses it earlier, by the kind of its parameter (B); it needs what the tests of the library stand in for (C); only the command has it (D).
    Tested    = @{
        CertificateNotTrusted   = 'LlmOps.Core.Tests/Benchmarking/HttpsTests.cs'                  # C: a server with a certificate of its own
        ConfigNotFound          = 'LlmOps.Core.Tests/Configuration/ServerConfigFileTests.cs'      # B
        EngineFolderNotOurs     = 'LlmOps.Core.Tests/Engines/Install/InstallTests.cs'             # C
        EngineNotSupported      = 'LlmOps.Core.Tests/Planning/Vllm/VllmPlanTests.cs'              # B
        EngineOptionUnsupported = 'LlmOps.Core.Tests/Engines/LlamaCppCommandLineTests.cs'         # C: an engine of another version
        FixUndoFailed           = 'LlmOps.Core.Tests/Diagnostics/Fixes/FixRunnerTests.cs'         # C
        HostNotAddress          = 'LlmOps.Core.Tests/Servers/Docker/DockerCommandLineTests.cs'    # C: an image that is there
        PortInvalid             = 'LlmOps.Core.Tests/Servers/ServerStarterTests.cs'               # B
        ResultsNotFound         = 'LlmOps.Core.Tests/Benchmarking/Reports/ResultFileTests.cs'     # A
        RuntimeNotSupported     = 'LlmOps.Core.Tests/Servers/ServerStarterTests.cs'               # B
        ServerFellBackToCpu     = 'LlmOps.Integration.Tests/OffloadTests.cs'                      # C: a card that the engine cannot use
        ServerRecordDamaged     = 'LlmOps.Core.Tests/Servers/ServerRegistryTests.cs'              # C
        ServerStalled           = 'LlmOps.Integration.Tests/FailureModeTests.cs'                  # C
        SupervisorNotStarted    = 'LlmOps.Core.Tests/Servers/ServerStarterTests.cs'               # C
        TinyModelOptionInvalid  = 'LlmOps.Core.Tests/Models/TinyModelTests.cs'                    # D
        TopologyNotFound        = 'LlmOps.Core.Tests/Hardware/TopologyFileTests.cs'               # A
    }

    # No test anywhere, and why.
    NotTested = @{
        ContainerNotStarted   = 'docker would have to fail between making a container and starting it'
        DockerNotLocal        = 'needs an image on another machine'
        FixHasNothingSafe     = 'the cmdlet mends only what has a safe command'
        ModelUnreadable       = 'needs a file that may not be read; the administrator may read all'
        NotForSeveralMachines = 'the cmdlet asks for the script of several machines only where there are several'
        PlatformNotSupported  = 'Windows'
        PortNotPermitted      = 'the administrator may use every port'
        PortNotUsable         = 'what a system says of ports besides what has a name of its own'
        ProcessNotStarted     = 'who starts a program turns it into an error of its own'
        ResultsUnreadable     = 'needs a file that may not be read; the administrator may read all'
        SelfCheckNotSupported = 'another system than 64-bit Linux'
        SelfCheckServerFailed = 'the own server of the self-check would have to fail'
        ServerBusy            = 'waits longer for a lock than a test may take'
        ServerNotStopped      = 'a process that outlives SIGKILL'
        SignalFailed          = 'what a system says of signals besides what has a name of its own'
        SignalNotPermitted    = 'the administrator may signal every process'
        StateNotAwaitable     = 'the cmdlet offers no other states'
        SystemdFailed         = 'needs a systemd that runs'
        SystemdNotAnswering   = 'needs a systemd that hangs'
        UnitInvalid           = 'needs a systemd that runs'
    }
}
