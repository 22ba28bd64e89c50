"""Olares and Kubernetes shapes: a plan becomes a chart, a chart becomes a package."""

from chartgen.chart.gpu import gpu_demand
from chartgen.chart.pack import Package, pack
from chartgen.chart.render import Chart, chart_warnings, render
from chartgen.chart.texts import filled
from chartgen.chart.unpack import unpack

__all__ = ["Chart", "Package", "chart_warnings", "filled", "gpu_demand", "pack", "render", "unpack"]
