using LlmOps.Hardware;
using LlmOps.Hardware.Machine;

namespace LlmOps.Core.Tests.Hardware;

public sealed class SystemFilesTests : IDisposable
{
    private readonly FakeRoot _root = new();

    [Theory]
    [InlineData("12", 12L)]
    [InlineData("-1", -1L)]
    [InlineData("0x10de", 0x10deL)]
    [InlineData("0X1F", 31L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("9223372036854775808", null)]
    [InlineData("0x", null)]
    [InlineData("", null)]
    [InlineData("1 2", null)]
    [InlineData("12a", null)]
    [InlineData("--1", null)]
    [InlineData("\u0663", null)]
    [InlineData(null, null)]
    public void Numbers_are_read_in_both_bases_and_nothing_else_is_a_number(string? text, long? number) => Assert.Equal(number, SystemFiles.ParseNumber(text));

    [Fact]
    public void A_file_of_any_size_is_read_whole()
    {
        string text = string.Concat(Enumerable.Range(0, 20_000).Select(number => number + "é\n"));
        _root.Write("/proc/big", text).Write("/proc/empty", string.Empty);
        SystemFiles files = new(_root.Path);

        Assert.Equal(text, files.ReadText("/proc/big"));
        Assert.Equal(string.Empty, files.ReadText("/proc/empty"));
        Assert.Null(files.ReadValue("/proc/empty"));
    }

    [Fact]
    public void What_is_absent_or_a_folder_has_no_text_and_what_is_no_folder_no_entries()
    {
        _root.Write("/sys/class/ünïcode/10", "x").Write("/sys/class/ünïcode/9", "x").Write("/sys/class/ünïcode/9a", "x");
        SystemFiles files = new(_root.Path);

        Assert.Null(files.ReadText("/sys/class/nowhere"));
        Assert.Null(files.ReadText("/sys/class"));
        Assert.Empty(files.List("/sys/class/ünïcode/9"));
        Assert.Equal(["10", "9", "9a"], files.List("/sys/class/ünïcode"));
        Assert.Equal([9, 10], files.ListNumbered("/sys/class/ünïcode", string.Empty).Select(entry => entry.Number));
        Assert.Equal((true, false), (files.Exists("/sys/class/ünïcode"), files.Exists("/sys/class/unicode")));
    }

    [Fact]
    public void A_file_that_is_really_there_is_read_as_the_kernel_writes_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is Linux's");
        SystemFiles files = new("/");

        Assert.Contains("MemTotal:", files.ReadText("/proc/meminfo"), StringComparison.Ordinal);
        Assert.Contains("self", files.List("/proc"));
        Assert.Null(files.ReadText("/proc/self/mem"));
    }

    [Theory]
    [InlineData("MemTotal:  131072 kB\nMemFree: 5 kB\n", 131072L * 1024)]
    [InlineData("Node 0 MemTotal:       7 kB\n", 7L * 1024)]
    [InlineData("XMemTotal: 5 kB\nMemTotal: 9\n", 9L)]
    [InlineData("MemTotal: many kB\n", null)]
    [InlineData("MemTotal", null)]
    public void A_line_of_a_memory_table_is_found_by_its_whole_name(string table, long? bytes) => Assert.Equal(bytes, KernelTables.ParseMemory(table, "MemTotal"));

    public void Dispose() => _root.Dispose();
}
