using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Native;

/// <summary>The numbers are those of Linux (wait(2)): the code in the second byte, the signal in the first.</summary>
public sealed class WaitStatusTests
{
    [Theory]
    [InlineData(0x0000, 0, 0, 0)]
    [InlineData(0x0300, 0, 3, 3)]
    [InlineData(0xff00, 0, 255, 255)]
    [InlineData(0x0009, 9, 0, 137)]
    // Bit 7 says that a core was written.
    [InlineData(0x0086, 6, 0, 134)]
    public void A_status_is_a_code_or_a_signal(int raw, int signal, int code, int shell)
    {
        var status = new WaitStatus(raw);
        Assert.Equal((signal, code, shell), (status.Signal, status.Code, status.ShellCode));
    }
}
