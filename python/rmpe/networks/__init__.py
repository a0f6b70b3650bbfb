"""Networks behind one interface (`network`), whichever library runs them.

===============  ======================================================================
`onnxruntime`    ONNX files
`pytorch`        modules, of the `architectures`
`weights`        their weights, from files of the layouts in `checkpoints`
===============  ======================================================================
"""
