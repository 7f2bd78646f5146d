using LlmOps.Core.Tests.Hardware;
using LlmOps.Diagnostics;
using LlmOps.Diagnostics.Checks;
using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Remedies are commands of the machine's own distribution.</summary>
public sealed class RemedyTests
{
    [Theory]
    [InlineData("ID=debian\nVERSION_ID=12\n", "get a compiler: sudo apt-get install -y build-essential")]
    [InlineData("ID=ubuntu\nID_LIKE=debian\n", "get a compiler: sudo apt-get install -y build-essential")]
    [InlineData("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "get a compiler: sudo apt-get install -y build-essential")]
    [InlineData("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "get a compiler: sudo dnf install -y gcc gcc-c++ make")]
    [InlineData("ID=fedora\n", "get a compiler: sudo dnf install -y gcc gcc-c++ make")]
    [InlineData("ID=arch\n", "get a compiler: sudo pacman -S --needed --noconfirm base-devel")]
    [InlineData("ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n", "get a compiler: sudo zypper --non-interactive install gcc gcc-c++ make")]
    [InlineData("ID=alpine\n", "get a compiler: sudo apk add build-base")]
    [InlineData("ID=nixos\nPRETTY_NAME=\"NixOS 25.05\"\n", "get a compiler (no package is known for this distribution)")]
    public void The_package_manager_is_that_of_os_release(string release, string expected)
    {
        using FakeRoot root = new();
        root.Write("/etc/os-release", release);

        Assert.Equal(expected, Of(root, new HostInfo()).Install("get a compiler", "compiler").ToString());
    }

    [Theory]
    [InlineData("Ubuntu 22.04.5 LTS", "sudo apt-get install -y ninja-build")]
    [InlineData("Red Hat Enterprise Linux 9.4 (Plow)", "sudo dnf install -y ninja-build")]
    [InlineData("Arch Linux", "sudo pacman -S --needed --noconfirm ninja")]
    public void Of_another_machine_the_name_in_its_topology_decides(string name, string expected) =>
        Assert.Equal("get ninja: " + expected, new RemedyText(Distribution.Read(null, new HostInfo { Os = name }), isWsl: false, null).Install("get ninja", "ninja").ToString());

    [Fact]
    public void Under_WSL_the_driver_is_installed_on_Windows()
    {
        RemedyText remedies = new(new Distribution("ubuntu", "Ubuntu", PackageManager.Apt), isWsl: true, null);

        Remedy remedy = remedies.Driver("update");

        Assert.Contains("on Windows, never inside WSL", remedy.ToString(), StringComparison.Ordinal);
        Assert.Empty(remedy.Commands);
    }

    [Fact]
    public void A_command_is_written_as_a_person_types_it_and_says_how_to_take_it_back()
    {
        RemedyCommand file = RemedyText.WriteFile("/etc/ld.so.conf.d/llama.conf", "/usr/local/lib\n");

        Assert.Equal("echo /usr/local/lib | sudo install -D -m 644 /dev/stdin /etc/ld.so.conf.d/llama.conf", file.Text);
        Assert.Equal(["rm", "/etc/ld.so.conf.d/llama.conf"], file.Undo);
        Assert.True(file.Safe && file.NeedsRoot);
        Assert.Equal("kill '1 2'", RemedyText.Run("kill", "1 2").Text);
        Assert.False(RemedyText.Reboot.Safe);
    }

    private static RemedyText Of(FakeRoot root, HostInfo host) => new(Distribution.Read(new SystemFiles(root.Path), host), host.IsWsl, host.Kernel);
}
