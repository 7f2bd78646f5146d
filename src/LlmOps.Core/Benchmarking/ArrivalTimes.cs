namespace LlmOps.Benchmarking;

/// <summary>When the requests of an open loop are due: a pure function of rate, shape and seed.</summary>
/// <remarks>
/// Gaps have mean 1 / rate and are equal (constant), exponential (Poisson) or gamma distributed with shape b and scale 1 / (rate · b),
/// as in vLLM's <c>bench serve</c> (<c>--burstiness</c>). In the ramp the rate grows in a straight line from 0.
/// </remarks>
/// <param name="process">Not <see cref="ArrivalProcess.ClosedLoop"/>.</param>
/// <param name="rate">Requests a second.</param>
/// <param name="burstiness">The gamma distribution's shape.</param>
/// <param name="ramp">For how long the rate grows.</param>
/// <param name="random">Decides the gaps.</param>
internal sealed class ArrivalTimes(ArrivalProcess process, double rate, double burstiness, TimeSpan ramp, Random random)
{
    private double _expected;

    /// <summary>Seconds from the beginning to the next request.</summary>
    public double Next()
    {
        _expected += process switch
        {
            ArrivalProcess.Constant => 1,
            ArrivalProcess.Gamma => Gamma(burstiness) / burstiness,
            _ => Exponential(),
        };

        // The time by which so many requests are expected: the integral of the rate, solved for its end.
        double rampSeconds = ramp.TotalSeconds;
        return _expected < rate * rampSeconds / 2 ? Math.Sqrt(2 * rampSeconds * _expected / rate) : (_expected / rate) + (rampSeconds / 2);
    }

    private double Exponential() => -Math.Log(1 - random.NextDouble());

    private double Normal() => Math.Sqrt(2 * Exponential()) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; for shapes below 1 their section 6.</summary>
    private double Gamma(double shape)
    {
        if (shape < 1)
        {
            return Gamma(shape + 1) * Math.Pow(1 - random.NextDouble(), 1 / shape);
        }

        double d = shape - (1.0 / 3);
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = Normal();
            double v = 1 + (c * x);
            if (v <= 0)
            {
                continue;
            }

            v = v * v * v;
            if (Math.Log(1 - random.NextDouble()) < (0.5 * x * x) + (d * (1 - v + Math.Log(v))))
            {
                return d * v;
            }
        }
    }
}
