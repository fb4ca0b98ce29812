// The first line of the snippet: a function that keeps the calls until the script is there. docs/client.md has it word for word.

export const STUB =
  'window.edgetally=window.edgetally||function(q){function e(n,f){f=f||{};var i=String(f.event_id||n=="purchase"&&f.transaction_id||"").trim()||Date.now().toString(36)+Math.random().toString(36).slice(2);q.push([n,f,i,Date.now(),location.href]);return i}e.q=q;e.status=function(){return{ready:false,waiting:q.length}};return e}([]);';
