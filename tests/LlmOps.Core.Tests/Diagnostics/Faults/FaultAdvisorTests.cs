using System.Globalization;
using System.Net;
using System.Net.Sockets;
using LlmOps.Configuration;
using LlmOps.Core.Tests.Planning;
using LlmOps.Diagnostics;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;

namespace LlmOps.Tests.Diagnostics.Faults;

public sealed class FaultAdvisorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-advice-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_port_in_use_leads_to_the_process_and_its_command()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;

        FaultFinding finding = Advise(FaultContext.ThisMachine, string.Create(CultureInfo.InvariantCulture, $"srv  start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: {port}"));

        Assert.Matches(string.Create(CultureInfo.InvariantCulture, $@"^Port {port} is held by .+ \(process {Environment.ProcessId}: .+\)\. "), finding.Remedy);
        Assert.Equal(
            string.Create(CultureInfo.InvariantCulture, $"Another program listens on port {port}, the address 127.0.0.1 is none of this machine, or the port needs privileges."),
            finding.Cause);
    }

    [Fact]
    public void A_library_is_looked_for_beside_the_binary_that_the_line_names()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "lib"));
        File.WriteAllText(Path.Combine(_folder, "lib", "libggml-base.so.0.9"), string.Empty);

        FaultFinding finding = Advise(
            FaultContext.ThisMachine, $"{_folder}/bin/llama-server: error while loading shared libraries: libggml-base.so: cannot open shared object file: No such file or directory");

        Assert.StartsWith($"libggml-base.so is in {_folder}/lib: set LD_LIBRARY_PATH={_folder}/lib", finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Out_of_memory_names_the_device_and_the_amount_and_plans_what_would_fit()
    {
        GpuTopology machine = PlanFixtures.Machine(("NVIDIA GeForce RTX 3090", 24));
        string model = Path.Combine(_folder, "tiny.gguf");
        TinyModelWriter.Write(model, new TinyModelOptions());
        ServerConfig config = new ServerPlanner().Plan(new PlanRequest
        {
            Model = ModelReader.Read(model), Topology = machine, Name = "big", Port = 8123,
            Pins = new Dictionary<string, string> { ["ctx-size"] = "1048576", ["parallel"] = "1", ["n-gpu-layers"] = "99" },
        });
        Assert.NotEmpty(config.Devices);

        FaultFinding finding = Advise(
            new FaultContext { Config = config, Topology = machine },
            "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 2048.00 MiB on device 0: cudaMalloc failed: out of memory",
            "llama_kv_cache: failed to allocate buffer for kv cache");

        Assert.Equal("llamacpp.kv-cache-memory", finding.Id);
        Assert.Matches($@"^{config.Devices[0].Name} had no room for another 2\.00 GiB\. What would fit: ctx-size (524288|262144|131072) instead of 1048576\.", finding.Remedy);
    }

    [Fact]
    public void Out_of_memory_without_a_configuration_still_names_device_and_amount() =>
        Assert.StartsWith(
            "Device 3 had no room for another 22.5 GiB.",
            Advise(FaultContext.ThisMachine, "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 23040.00 MiB on device 3: cudaMalloc failed: out of memory").Remedy,
            StringComparison.Ordinal);

    [Fact]
    public void A_refused_role_leads_to_the_command_that_writes_a_template() =>
        Assert.StartsWith(
            "New-LlmChatTemplate -Path '/models/m.gguf' -AllowRole developer",
            Advise(new FaultContext { Config = new ServerConfig { Name = "m", Model = "/models/m.gguf" } }, "got exception: Jinja Exception: Unexpected message role.").Remedy,
            StringComparison.Ordinal);

    [Theory]
    [InlineData(8388608L, "Here the limit is 8.00 MiB: put '")]
    [InlineData(-1L, "Here the limit is unlimited now")]
    public void The_limit_of_locked_memory_is_told(long limit, string start) =>
        Assert.StartsWith(
            start,
            Advise(
                new FaultContext { Topology = new GpuTopology { Host = new HostInfo { Limits = new HostLimits { MemlockBytes = limit } } } },
                "warning: failed to mlock 71303168-byte buffer (after previously locking 0 bytes): Cannot allocate memory").Remedy,
            StringComparison.Ordinal);

    [Fact]
    public void A_variable_that_hides_every_gpu_is_named() =>
        Assert.StartsWith(
            "CUDA_VISIBLE_DEVICES is set to nothing",
            Advise(
                new FaultContext { Config = new ServerConfig { Name = "m", Model = "/m.gguf", Environment = new Dictionary<string, string> { ["CUDA_VISIBLE_DEVICES"] = string.Empty } } },
                "warning: no usable GPU found, --gpu-layers option will be ignored").Remedy,
            StringComparison.Ordinal);

    [Fact]
    public void A_misspelt_model_leads_to_its_neighbour()
    {
        File.WriteAllText(Path.Combine(_folder, "Qwen3-8B-Q4_K_M.gguf"), string.Empty);

        FaultFinding finding = Advise(
            new FaultContext { Config = new ServerConfig { Name = "m", Model = Path.Combine(_folder, "Qwen3-8B-Q4_KM.gguf") } },
            $"gguf_init_from_file: failed to open GGUF file '{_folder}/Qwen3-8B-Q4_KM.gguf' (No such file or directory)");

        Assert.StartsWith($"In {_folder} there is 'Qwen3-8B-Q4_K_M.gguf'.", finding.Remedy, StringComparison.Ordinal);
    }

    private static FaultFinding Advise(FaultContext context, params string[] lines) =>
        FaultAdvisor.Advise(FaultCatalogue.Default.Diagnose(lines), context)[0];
}
